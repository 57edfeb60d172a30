import type { Decision, PageFinding } from '../../server/page-types.js';
import { byImportance, percent } from '../finding-order.js';
import { sentenceOf } from '../sentence.js';
import type { Language, Translate } from '../texts/languages.js';
import { decisions, lastOf, mayPredict, type Me } from '../assessments.js';
import barStyle from './bar.css?inline';
import { element } from './element.js';
import roomStyle from './room.css?inline';
import { ShownStudy, type FindingAssessment } from './shown-study.js';

const kept = 'chest-ai-assessment-bar';
/** A study that has no result yet is asked for again, not for ever. */
const againMs = 10_000;
const maxTimes = 60;

/** A strip below the viewer with the top finding; it opens a panel where every finding is judged with one click. */
export class AssessmentBar {
  readonly host = element('div', { id: 'chest-ai-assessments' });
  private readonly root = this.host.attachShadow({ mode: 'open' });
  private readonly may: boolean;
  private studies: readonly ShownStudy[] = [];
  private open: boolean;
  private busy = false;
  private said: { readonly text: string; readonly bad: boolean } | undefined;
  private turn = 0;

  constructor(
    private readonly t: Translate,
    language: Language,
    private readonly me: Me,
  ) {
    this.may = mayPredict(me);
    this.open = (localStorage.getItem(kept) ?? (this.may ? 'open' : 'closed')) === 'open';
    this.host.lang = language;
    this.root.adoptedStyleSheets = [sheetOf(barStyle)];
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheetOf(roomStyle)];
    // What is typed here is not for the viewer, which has a tool on most keys.
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
        this.focus('[data-focus^="judge"]', '[data-focus=toggle]');
      },
      { capture: true },
    );
  }

  /** Of these studies from now on; of none it hides. */
  show(uids: readonly string[]): void {
    this.studies = uids.map((uid) => new ShownStudy(uid));
    this.said = undefined;
    const turn = ++this.turn;
    this.render();
    void this.load(turn, maxTimes);
  }

  private async load(turn: number, times: number): Promise<void> {
    await Promise.all(this.studies.filter((one) => !one.current).map((one) => one.load()));
    if (turn !== this.turn) return;
    this.render();
    if (times > 0 && this.studies.some((one) => !one.current))
      setTimeout(() => turn === this.turn && void this.load(turn, times - 1), againMs);
  }

  private async judge(study: ShownStudy, findings: readonly FindingAssessment[]): Promise<void> {
    if (this.busy) return;
    const { t } = this;
    const meaning = (name: string): string => study.current?.findings.find((one) => one.name === name)?.meaning ?? name;
    this.busy = true;
    this.said = { text: t('bar.saving'), bad: false };
    this.render();
    try {
      await study.judge(findings);
      this.said = {
        text:
          findings.length === 1
            ? t('assessment.saved', { finding: meaning(findings[0]!.name), decision: t(`decision.${findings[0]!.decision}`).toLowerCase() })
            : t('assessment.savedAll'),
        bad: false,
      };
    } catch (error) {
      this.said = { text: sentenceOf(error, t), bad: true };
    }
    this.busy = false;
    this.render();
  }

  private toggle(): void {
    this.open = !this.open;
    localStorage.setItem(kept, this.open ? 'open' : 'closed');
    this.render();
    this.focus('[data-focus=toggle]');
  }

  private focus(...selectors: readonly string[]): void {
    for (const selector of selectors) {
      const found = this.root.querySelector<HTMLElement>(selector);
      if (found) return found.focus();
    }
  }

  /** Anew as a whole; whoever was at a button stays there. */
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
    const [top] = byImportance(current.findings);
    if (current.outcome !== 'reported')
      return [
        element('b', { class: current.outcome === 'failed' ? 'bad' : 'undetermined' }, t(`outcome.${current.outcome}`)),
        current.reason ? `: ${withoutSubject(current.reason)}` : '',
      ];
    return top
      ? [`${top.meaning}: `, element('b', { class: top.decision }, `${t(`decision.${top.decision}`).toLowerCase()} ${percent(top)} %`)]
      : [t('study.noFindings')];
  }

  private panel(): HTMLElement {
    const { t, studies, said } = this;
    return element(
      'section',
      { id: 'panel', class: 'panel', 'aria-label': t('bar.title') },
      ...studies.map((study, index) => this.studyPart(study, index)),
      element(
        'p',
        { class: said?.bad ? 'said bad' : 'said', role: said?.bad ? 'alert' : 'status', 'data-testid': 'bar-said' },
        said?.text ?? '',
      ),
    );
  }

  private studyPart(study: ShownStudy, index: number): HTMLElement {
    const { t, me, may, busy } = this;
    const { current, assessments, uid } = study;
    const mine = lastOf(assessments, me.name);
    const findings = current?.outcome === 'reported' ? byImportance(current.findings) : [];
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
              'data-focus': `judge ${uid}`,
              'data-testid': 'bar-confirm-all',
              click: () =>
                void this.judge(
                  study,
                  findings.map(({ name, decision }) => ({ name, decision })),
                ),
            },
            t('assessment.confirmAll'),
          )
        : undefined,
      !may && findings.length > 0 ? element('p', { class: 'quiet' }, t('assessment.mayNot')) : undefined,
      study.disagreed ? element('p', { class: 'undetermined' }, t('assessment.disagreed')) : undefined,
      ...assessments
        .slice(-3)
        .reverse()
        .map(({ reader, verified, findings: judged }) =>
          element(
            'p',
            { class: 'quiet' },
            `${reader}${verified ? ` (${t('assessment.verified')})` : ''}: ${judged.map((one) => `${one.meaning} ${t(`decision.${one.decision}`).toLowerCase()}`).join(', ')}`,
          ),
        ),
    );
  }

  /** The software's own decision first, as the button that confirms it; the two others reject or correct it. */
  private findingPart(study: ShownStudy, { name, meaning, decision, probability }: PageFinding, mine: Decision | undefined): HTMLElement {
    const { t, may, busy } = this;
    const button = (said: Decision): HTMLElement =>
      element(
        'button',
        {
          type: 'button',
          class: said === decision ? 'confirm' : 'correct',
          'aria-disabled': String(busy),
          'aria-pressed': String(mine === said),
          'data-focus': `judge ${study.uid} ${name} ${said}`,
          'data-testid': `bar-${name}-${said}`,
          title: this.meaningOf(said, decision),
          click: () => void this.judge(study, [{ name, decision: said }]),
        },
        said === decision ? t('bar.confirm') : t(`decision.${said}`),
      );
    return element(
      'div',
      { class: 'finding', role: 'group', 'aria-label': t('assessment.of', { finding: meaning }) },
      element(
        'div',
        { class: 'said-by-ai' },
        element('span', { class: 'meaning' }, meaning),
        element('b', { class: decision }, `${t(`decision.${decision}`)} ${percent({ probability, decision })} %`),
      ),
      may ? element('div', { class: 'choices' }, button(decision), ...decisions.filter((one) => one !== decision).map(button)) : undefined,
    );
  }

  /** What a button says of the software's decision, in the words of the assessment's document. */
  private meaningOf(said: Decision, decision: Decision): string {
    const { t } = this;
    const comparison = said === decision ? 'confirm' : said === 'absent' && decision === 'present' ? 'reject' : 'correct';
    return `${t(`bar.${comparison}`)}: ${t(`decision.${said}`).toLowerCase()}`;
  }
}

/** "…: view LL [study 2.25…]": which study it is about is plain here. */
function withoutSubject(reason: string): string {
  return reason.replace(/ \[[^\]]*\]$/, '');
}

function sheetOf(text: string): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  return sheet;
}
