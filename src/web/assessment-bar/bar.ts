import type { Decision, PageFinding } from '../../server/page-types.js';
import { probabilityText } from '../../lib/probability-text.js';
import { sortedByImportance } from '../finding-order.js';
import { sentenceOf } from '../sentence.js';
import type { Language, Translate } from '../texts/languages.js';
import { decisionOptions, lastDecisionsOf } from '../assessments.js';
import { mayAssess, type CurrentUser } from '../current-user.js';
import barStyle from './bar.css?inline';
import { element } from './element.js';
import roomStyle from './room.css?inline';
import { ShownStudy, type FindingAssessment } from './shown-study.js';

const storageKey = 'chest-ai-assessment-bar';
/** A study without a result is requested again, for a limited time. */
const reloadMs = 10_000;
const maxReloads = 60;

/** A strip below the viewer with the top finding; it opens a panel in which each finding is assessed with one click. */
export class AssessmentBar {
  readonly host = element('div', { id: 'chest-ai-assessments' });
  private readonly root = this.host.attachShadow({ mode: 'open' });
  private readonly mayAssess: boolean;
  private studies: readonly ShownStudy[] = [];
  private open: boolean;
  private busy = false;
  private message: { readonly text: string; readonly bad: boolean } | undefined;
  private generation = 0;

  constructor(
    private readonly t: Translate,
    language: Language,
    private readonly user: CurrentUser,
  ) {
    this.mayAssess = mayAssess(user);
    this.open = (localStorage.getItem(storageKey) ?? (this.mayAssess ? 'open' : 'closed')) === 'open';
    this.host.lang = language;
    this.root.adoptedStyleSheets = [sheetOf(barStyle)];
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheetOf(roomStyle)];
    // Keys typed here must not reach the viewer, which has a tool on most keys.
    for (const kind of ['keydown', 'keyup', 'keypress']) this.host.addEventListener(kind, (event) => event.stopPropagation());
    this.host.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && this.open) this.toggle();
    });
    addEventListener(
      'keydown',
      (event) => {
        if (!event.altKey || event.ctrlKey || event.metaKey || event.code !== 'KeyV' || this.studies.length === 0) return;
        event.preventDefault();
        if (!this.open) this.toggle();
        this.focus('[data-focus^="assess"]', '[data-focus=toggle]');
      },
      { capture: true },
    );
  }

  /** Shows these studies from now on; without a study it hides. */
  show(uids: readonly string[]): void {
    this.studies = uids.map((uid) => new ShownStudy(uid));
    this.message = undefined;
    const generation = ++this.generation;
    this.render();
    void this.load(generation, maxReloads);
  }

  private async load(generation: number, reloads: number): Promise<void> {
    await Promise.all(this.studies.filter((one) => !one.current).map((one) => one.load()));
    if (generation !== this.generation) return;
    this.render();
    if (reloads > 0 && this.studies.some((one) => !one.current))
      setTimeout(() => generation === this.generation && void this.load(generation, reloads - 1), reloadMs);
  }

  private async assess(study: ShownStudy, findings: readonly FindingAssessment[]): Promise<void> {
    if (this.busy) return;
    const { t } = this;
    const meaning = (name: string): string => study.current?.findings.find((one) => one.name === name)?.meaning ?? name;
    this.busy = true;
    this.message = { text: t('bar.saving'), bad: false };
    this.render();
    try {
      await study.assess(findings);
      this.message = {
        text:
          findings.length === 1
            ? t('assessment.saved', { finding: meaning(findings[0]!.name), decision: t(`decision.${findings[0]!.decision}`).toLowerCase() })
            : t('assessment.savedAll'),
        bad: false,
      };
    } catch (error) {
      this.message = { text: sentenceOf(error, t), bad: true };
    }
    this.busy = false;
    this.render();
  }

  private toggle(): void {
    this.open = !this.open;
    localStorage.setItem(storageKey, this.open ? 'open' : 'closed');
    this.render();
    this.focus('[data-focus=toggle]');
  }

  private focus(...selectors: readonly string[]): void {
    for (const selector of selectors) {
      const found = this.root.querySelector<HTMLElement>(selector);
      if (found) return found.focus();
    }
  }

  /** Renders everything again; the focused button keeps the focus. */
  private render(): void {
    const focused = this.root.activeElement?.getAttribute('data-focus');
    const hidden = this.studies.length === 0;
    document.body.toggleAttribute('data-chest-ai-bar', !hidden);
    this.root.replaceChildren(...(hidden ? [] : [...(this.open ? [this.panel()] : []), this.strip()]));
    if (focused) this.focus(`[data-focus="${CSS.escape(focused)}"]`);
  }

  private strip(): HTMLElement {
    const { t, studies, open } = this;
    const [study] = studies;
    return element(
      'footer',
      { class: 'strip', 'aria-label': t('bar.title') },
      element(
        'button',
        {
          type: 'button',
          class: 'toggle',
          'data-focus': 'toggle',
          'data-testid': 'bar-toggle',
          'aria-expanded': String(open),
          'aria-controls': 'panel',
          'aria-keyshortcuts': 'Alt+V',
          title: 'Alt+V',
          click: () => this.toggle(),
        },
        element('span', { class: 'arrow', 'aria-hidden': 'true' }, open ? '▾' : '▴'),
        t('bar.title'),
      ),
      element(
        'span',
        { class: 'summary', 'data-testid': 'bar-summary' },
        ...this.summaryOf(study!),
        ...(studies.length > 1 ? [` · ${t('bar.more', { n: studies.length - 1 })}`] : []),
      ),
      element('span', { class: 'notice', role: 'note' }, t('bar.notice')),
    );
  }

  private summaryOf({ current, fault }: ShownStudy): readonly (Node | string)[] {
    const { t } = this;
    if (fault !== undefined) return [element('span', { class: 'bad' }, sentenceOf(fault, t))];
    if (!current) return [t('bar.none')];
    const [top] = sortedByImportance(current.findings);
    if (current.outcome !== 'reported')
      return [
        element('b', { class: current.outcome === 'failed' ? 'bad' : 'undetermined' }, t(`outcome.${current.outcome}`)),
        current.reason ? `: ${withoutSubject(current.reason)}` : '',
      ];
    return top
      ? [
          `${top.meaning}: `,
          element('b', { class: top.decision }, `${t(`decision.${top.decision}`).toLowerCase()} ${probabilityText(top)} %`),
        ]
      : [t('study.noFindings')];
  }

  private panel(): HTMLElement {
    const { t, studies, message } = this;
    return element(
      'section',
      { id: 'panel', class: 'panel', 'aria-label': t('bar.title') },
      ...studies.map((study, index) => this.studyPart(study, index)),
      element(
        'p',
        { class: message?.bad ? 'message bad' : 'message', role: message?.bad ? 'alert' : 'status', 'data-testid': 'bar-message' },
        message?.text ?? '',
      ),
    );
  }

  private studyPart(study: ShownStudy, index: number): HTMLElement {
    const { t, user, mayAssess: may, busy } = this;
    const { current, assessments, uid } = study;
    const mine = lastDecisionsOf(assessments, user.name);
    const findings = current?.outcome === 'reported' ? sortedByImportance(current.findings) : [];
    return element(
      'div',
      { class: 'study', 'data-study': uid },
      this.studies.length > 1 ? element('h2', {}, t('bar.study', { n: index + 1, uid: uid.slice(-8) })) : undefined,
      findings.length === 0 ? element('p', {}, ...this.summaryOf(study)) : undefined,
      ...findings.map((finding) => this.findingPart(study, finding, mine.get(finding.name))),
      may && findings.length > 1
        ? element(
            'button',
            {
              type: 'button',
              class: 'all',
              'aria-disabled': String(busy),
              'data-focus': `assess ${uid}`,
              'data-testid': 'bar-confirm-all',
              click: () =>
                void this.assess(
                  study,
                  findings.map(({ name, decision }) => ({ name, decision })),
                ),
            },
            t('assessment.confirmAll'),
          )
        : undefined,
      !may && findings.length > 0 ? element('p', { class: 'quiet' }, t('assessment.viewOnly')) : undefined,
      study.disagreed ? element('p', { class: 'undetermined' }, t('assessment.disagreed')) : undefined,
      ...assessments
        .slice(-3)
        .reverse()
        .map(({ reader, verified, findings: assessed }) =>
          element(
            'p',
            { class: 'quiet' },
            `${reader}${verified ? ` (${t('assessment.verified')})` : ''}: ${assessed.map((one) => `${one.meaning} ${t(`decision.${one.decision}`).toLowerCase()}`).join(', ')}`,
          ),
        ),
    );
  }

  /** The software's own decision first, as the button that confirms it; the two others reject or correct it. */
  private findingPart(study: ShownStudy, { name, meaning, decision, probability }: PageFinding, mine: Decision | undefined): HTMLElement {
    const { t, mayAssess: may, busy } = this;
    const button = (choice: Decision): HTMLElement =>
      element(
        'button',
        {
          type: 'button',
          class: choice === decision ? 'confirm' : 'correct',
          'aria-disabled': String(busy),
          'aria-pressed': String(mine === choice),
          'data-focus': `assess ${study.uid} ${name} ${choice}`,
          'data-testid': `bar-${name}-${choice}`,
          title: this.meaningOf(choice, decision),
          click: () => void this.assess(study, [{ name, decision: choice }]),
        },
        choice === decision ? t('bar.confirm') : t(`decision.${choice}`),
      );
    return element(
      'div',
      { class: 'finding', role: 'group', 'aria-label': t('assessment.of', { finding: meaning }) },
      element(
        'div',
        { class: 'ai-finding' },
        element('span', { class: 'meaning' }, meaning),
        element('b', { class: decision }, `${t(`decision.${decision}`)} ${probabilityText({ probability, decision })} %`),
      ),
      may
        ? element('div', { class: 'choices' }, button(decision), ...decisionOptions.filter((one) => one !== decision).map(button))
        : undefined,
    );
  }

  /** The meaning of a button beside the software's decision, in the terms of the assessment's document. */
  private meaningOf(choice: Decision, decision: Decision): string {
    const { t } = this;
    const comparison = choice === decision ? 'confirm' : choice === 'absent' && decision === 'present' ? 'reject' : 'correct';
    return `${t(`bar.${comparison}`)}: ${t(`decision.${choice}`).toLowerCase()}`;
  }
}

/** "…: view LL [study 2.25…]" without the study, which is the displayed one. */
function withoutSubject(reason: string): string {
  return reason.replace(/ \[[^\]]*\]$/, '');
}

function sheetOf(text: string): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  return sheet;
}
