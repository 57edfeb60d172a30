import type { Decision, ShownAssessment } from '../../server/page-types.js';
import { decisionOptions, foldAssessments, type AssessableFinding, type OwnDecision } from '../assessments.js';
import { findingText } from '../texts/finding-name.js';
import { probabilityFigure } from '../texts/numbers.js';
import type { Language, Translate } from '../texts/languages.js';
import { element } from './element.js';
import type { ShownStudy } from './shown-study.js';

/** What the panel shows of a study, and what its buttons do. */
export interface StudyPartView {
  readonly t: Translate;
  readonly language: Language;
  readonly mayAssess: boolean;
  readonly study: ShownStudy;
  /** "Study 1 (…12345678)" where several are shown. */
  readonly heading: string | undefined;
  /** What stands there if there is no finding. */
  readonly summary: readonly (Node | string)[];
  readonly stored: ReadonlyMap<string, OwnDecision>;
  readonly waiting: ReadonlyMap<string, OwnDecision>;
  /** Name of the finding that the keys are about. */
  readonly chosen: string | undefined;
  readonly showsEarlier: boolean;
  give(finding: AssessableFinding, decision: Decision): void;
  withdraw(finding: AssessableFinding): void;
  adjudicate(finding: AssessableFinding, decision: Decision): void;
  confirmAll(): void;
  /** The open field, below a finding or below all of them. */
  readonly field: { readonly finding?: string; readonly element: HTMLElement } | undefined;
  comment(finding: AssessableFinding): void;
  add(): void;
  toggleEarlier(): void;
}

/** One study in the panel. */
export function studyPart(view: StudyPartView): HTMLElement {
  const { t, study, mayAssess, heading, summary } = view;
  const { findings, known, uid } = study;
  return element(
    'div',
    { class: 'study', 'data-study': uid },
    heading === undefined ? undefined : element('h2', {}, heading),
    findings.length === 0 ? element('p', {}, ...summary) : undefined,
    ...findings.map((finding) => findingPart(view, finding)),
    ...(mayAssess && findings.length > 0
      ? [
          view.field && view.field.finding === undefined
            ? view.field.element
            : smallButton(t('assessment.add'), 'bar-add', () => view.add()),
        ]
      : []),
    mayAssess && findings.length > 1
      ? element(
          'button',
          {
            type: 'button',
            class: 'all',
            'data-focus': `assess ${uid}`,
            'data-testid': 'bar-confirm-all',
            'aria-keyshortcuts': 'm',
            title: 'm',
            disabled: known === undefined,
            click: () => view.confirmAll(),
          },
          t('assessment.confirmAll'),
        )
      : undefined,
    !mayAssess && findings.length > 0 ? element('p', { class: 'quiet' }, t('assessment.viewOnly')) : undefined,
    known?.othersHidden ? element('p', { class: 'quiet' }, t('assessment.othersHidden')) : undefined,
    ...historyPart(view),
  );
}

/** Present, Undetermined, Absent: in the same place for every finding, with the software's own decision marked. */
function findingPart(view: StudyPartView, finding: AssessableFinding): HTMLElement {
  const { t, study, mayAssess, stored, waiting } = view;
  const { name, meaning, software } = finding;
  const mine = (waiting.get(name) ?? stored.get(name))?.decision;
  const written = waiting.get(name)?.comment ?? stored.get(name)?.comment;
  const button = (choice: Decision): HTMLElement =>
    element(
      'button',
      {
        type: 'button',
        class: choice === software?.decision ? 'by-ai' : '',
        'aria-pressed': String(mine === choice),
        'data-focus': `assess ${study.uid} ${name} ${choice}`,
        'data-testid': `bar-${name}-${choice}`,
        click: () => view.give(finding, choice),
      },
      t(`decision.${choice}`),
      choice === software?.decision ? element('span', { class: 'mark', title: t('assessment.byAi') }, t('assessment.aiMark')) : undefined,
    );
  return element(
    'div',
    {
      class: view.chosen === name ? 'finding chosen' : 'finding',
      role: 'group',
      'aria-label': t('assessment.of', { finding: findingText(meaning, t) }),
      'data-finding': name,
    },
    element(
      'div',
      { class: 'ai-finding' },
      element('span', { class: 'meaning' }, findingText(meaning, t)),
      software
        ? element(
            'b',
            { class: software.decision },
            `${t(`decision.${software.decision}`)} ${probabilityFigure(software, view.language)} %`,
          )
        : undefined,
    ),
    mayAssess ? element('div', { class: 'choices' }, ...decisionOptions.map(button)) : undefined,
    written ? element('p', {}, t('assessment.quoted', { text: written })) : undefined,
    view.field?.finding === name ? view.field.element : undefined,
    mayAssess ? smallButton(t('assessment.comment'), `bar-comment-${name}`, () => view.comment(finding)) : undefined,
    mayAssess && stored.has(name) && !waiting.has(name)
      ? smallButton(t('assessment.withdraw'), `bar-withdraw-${name}`, () => view.withdraw(finding))
      : undefined,
    ...disagreementPart(view, finding),
  );
}

function disagreementPart(view: StudyPartView, finding: AssessableFinding): readonly HTMLElement[] {
  const { t, study } = view;
  const label = study.known?.labels.find((one) => one.finding === finding.name && one.state === 'disagreed');
  if (!label) return [];
  const statements = label.statements.map(({ reader, decision }) => `${reader} ${t(`decision.${decision}`).toLowerCase()}`).join(', ');
  return [
    element('p', { class: 'undetermined' }, t('assessment.disagreement', { statements })),
    ...(study.known?.mayAdjudicate
      ? (['present', 'absent'] as const).map((decision) =>
          smallButton(
            t('assessment.adjudicate', { decision: t(`decision.${decision}`).toLowerCase() }),
            `bar-adjudicate-${finding.name}-${decision}`,
            () => view.adjudicate(finding, decision),
          ),
        )
      : []),
  ];
}

/** The assessments that count, with their times; earlier ones are folded away. */
function historyPart({ t, language, study, showsEarlier, toggleEarlier }: StudyPartView): readonly HTMLElement[] {
  const { current, earlier } = foldAssessments(study.known?.assessments ?? []);
  return [
    ...current.map((one) => line(one, false, t, language)),
    ...(earlier.length > 0
      ? [smallButton(t('assessment.earlier', { n: earlier.length }), 'bar-earlier', toggleEarlier, showsEarlier)]
      : []),
    ...(showsEarlier ? earlier.map((one) => line(one, true, t, language)) : []),
  ];
}

function line(
  { reader, givenAt, verified, findings, withdrawn }: ShownAssessment,
  isEarlier: boolean,
  t: Translate,
  language: Language,
): HTMLElement {
  const time =
    givenAt === null ? '?' : new Intl.DateTimeFormat(language, { dateStyle: 'short', timeStyle: 'short' }).format(new Date(givenAt));
  const stated = findings
    .filter((one) => isEarlier || one.isCurrent)
    .map((one) => `${findingText(one.meaning, t)} ${t(`decision.${one.decision}`).toLowerCase()}`);
  const taken =
    withdrawn.length > 0
      ? [t('assessment.withdrawn', { findings: withdrawn.map(({ meaning }) => findingText(meaning, t)).join(', ') })]
      : [];
  return element(
    'p',
    { class: 'quiet' },
    `${t('assessment.given', { reader, time })}${verified ? ` (${t('assessment.verified')})` : ''}: ${[...stated, ...taken].join(', ')}`,
  );
}

function smallButton(text: string, name: string, click: () => void, isExpanded?: boolean): HTMLElement {
  return element(
    'button',
    {
      type: 'button',
      class: 'small',
      'data-focus': name,
      'data-testid': name,
      ...(isExpanded === undefined ? {} : { 'aria-expanded': String(isExpanded) }),
      click,
    },
    text,
  );
}
