import type { Decision } from '../../server/page-types.js';
import { ownDecisionsOf, type AssessableFinding, type OwnDecision } from '../assessments.js';
import { mayAssess, type CurrentUser } from '../current-user.js';
import { sortedByImportance } from '../finding-order.js';
import { actionOf, isWriting, type KeyAction } from '../keys.js';
import { isDone } from '../repeated-key.js';
import type { GivenFinding } from '../reading/given-step.js';
import { PendingAssessments } from '../reading/pending-assessments.js';
import { sentenceOf } from '../sentence.js';
import { findingText } from '../texts/finding-name.js';
import { probabilityFigure } from '../texts/numbers.js';
import { shortReason } from '../texts/short-reason.js';
import type { Language, Translate } from '../texts/languages.js';
import barStyle from './bar.css?inline';
import { element } from './element.js';
import { messagePart } from './message-part.js';
import { OpenField } from './open-field.js';
import roomStyle from './room.css?inline';
import { ShownStudy } from './shown-study.js';
import { studyPart } from './study-part.js';

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
  private generation = 0;
  /** Index of the finding that the keys are about, in the first study. */
  private chosen = 0;
  private showsEarlier = false;
  private readonly field: OpenField;
  /** Of a withdrawal. */
  private fault: unknown;
  private readonly pending = new PendingAssessments({ onStored: (study) => this.reload(study) }).watchPage();
  /** A withdrawal is under way. */
  private isWithdrawing = false;

  constructor(
    private readonly t: Translate,
    private readonly language: Language,
    private readonly user: CurrentUser,
  ) {
    this.mayAssess = mayAssess(user);
    this.open = (localStorage.getItem(storageKey) ?? (this.mayAssess ? 'open' : 'closed')) === 'open';
    this.host.lang = language;
    this.field = new OpenField(t, {
      ownOf: (study, name) => this.ownOf(study, name),
      decide: (study, finding, decision, comment) => this.decide(study, finding, decision, comment),
      failed: (error) => {
        this.fault = error;
        this.render();
      },
      render: () => this.render(),
      focus: (selector) => this.focus(selector),
    });
    this.root.adoptedStyleSheets = [sheetOf(barStyle)];
    this.pending.subscribe(() => this.render());
    this.pending.start(user.name);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheetOf(roomStyle)];
    // Keys typed here must not reach the viewer, which has a tool on most keys.
    for (const kind of ['keydown', 'keyup', 'keypress']) this.host.addEventListener(kind, (event) => event.stopPropagation());
    this.host.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && this.open) this.toggle();
    });
    addEventListener(
      'keydown',
      (event) => {
        if (this.open && this.mayAssess && isKeyHere(event)) {
          const action = actionOf(event, 'viewer', event.composedPath().includes(this.host));
          // A key that is held down decides once; the viewer does not get its repetitions either.
          if (action && (isDone(action, event) ? this.act(action) : this.studies.length > 0)) {
            event.preventDefault();
            // The viewer must not handle the key as well.
            event.stopImmediatePropagation();
            return;
          }
        }
        if (!event.altKey || event.ctrlKey || event.metaKey || event.code !== 'KeyV' || this.studies.length === 0) return;
        event.preventDefault();
        if (!this.open) this.toggle();
        this.focus('[data-focus^="assess"]', '[data-focus=toggle]');
      },
      { capture: true },
    );
  }

  /** Shows these studies from now on; without a study it hides. What was given about others is sent at once. */
  show(uids: readonly string[]): void {
    void this.pending.flush();
    this.studies = uids.map((uid) => new ShownStudy(uid));
    this.chosen = 0;
    this.field.forget();
    this.showsEarlier = false;
    this.fault = undefined;
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

  private async reload(uid: string): Promise<void> {
    await this.studies.find((one) => one.uid === uid)?.load();
    this.render();
  }

  private give(study: ShownStudy, findings: readonly GivenFinding[], adjudicates = false): void {
    const { assessedDocument } = study;
    this.fault = undefined;
    this.pending.give({ study: study.uid, findings, assessedDocument, ...(adjudicates ? { adjudicates } : {}) });
  }

  /** What the reader has written about the finding stays with the new decision. */
  private decide(
    study: ShownStudy,
    { name, meaning }: AssessableFinding,
    decision: Decision,
    comment = this.ownOf(study, name)?.comment,
  ): void {
    this.give(study, [{ name, meaning, decision, comment }]);
  }

  private ownOf(study: ShownStudy, name: string): OwnDecision | undefined {
    const [stored, waiting] = [this.storedOf(study).get(name), this.pending.decisionsOf(study.uid).get(name)];
    return waiting ? { comment: stored?.comment, ...waiting } : stored;
  }

  private async withdraw(study: ShownStudy, { name }: AssessableFinding): Promise<void> {
    if (this.isWithdrawing) return;
    this.isWithdrawing = true;
    try {
      this.fault = undefined;
      await study.withdraw(name);
    } catch (error) {
      this.fault = error;
    } finally {
      this.isWithdrawing = false;
    }
    this.render();
  }

  /** The software's decision on what the reader has not decided. */
  private confirmAll(study: ShownStudy): void {
    // Before the reader's own decisions are known, those of the software would replace them.
    if (!study.known) return;
    const stored = this.storedOf(study);
    const waiting = this.pending.decisionsOf(study.uid);
    const open = study.findings.flatMap(({ name, meaning, software }) =>
      software && !stored.has(name) && !waiting.has(name) ? [{ name, meaning, decision: software.decision }] : [],
    );
    if (open.length > 0) this.give(study, open);
  }

  private storedOf({ known }: ShownStudy): ReadonlyMap<string, OwnDecision> {
    return ownDecisionsOf(known?.assessments ?? [], this.user.name);
  }

  /** Keys of the strip; only those that the viewer itself does not use (keys.ts). @returns whether the key meant something here */
  private act(action: KeyAction): boolean {
    const [study] = this.studies;
    if (!study || study.findings.length === 0) return false;
    const { findings } = study;
    const at = Math.min(this.chosen, findings.length - 1);
    const finding = findings[at]!;
    const decide = (decision: Decision): void => {
      this.chosen = Math.min(at + 1, findings.length - 1);
      this.decide(study, finding, decision);
    };
    const choose = (index: number): void => {
      this.chosen = Math.max(0, Math.min(findings.length - 1, index));
      this.render();
    };
    const actions: Partial<Record<KeyAction, () => void>> = {
      nextFinding: () => choose(at + 1),
      previousFinding: () => choose(at - 1),
      present: () => decide('present'),
      undetermined: () => decide('undetermined'),
      absent: () => decide('absent'),
      undo: () => {
        const undone = this.pending.undo()?.findings[0]?.name;
        choose(undone === undefined ? at : findings.findIndex(({ name }) => name === undone));
      },
      comment: () => this.field.comment(study, finding),
      addFinding: () => void this.field.add(study),
      withdraw: () => this.storedOf(study).has(finding.name) && void this.withdraw(study, finding),
      confirmAll: () => this.confirmAll(study),
    };
    actions[action]?.();
    return actions[action] !== undefined;
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
        current.reason ? `: ${withoutSubject(shortReason(current, t))}` : '',
      ];
    return top
      ? [
          `${findingText(top.meaning, t)}: `,
          element(
            'b',
            { class: top.decision },
            `${t(`decision.${top.decision}`).toLowerCase()} ${probabilityFigure(top, this.language)} %`,
          ),
        ]
      : [t('study.noFindings')];
  }

  private panel(): HTMLElement {
    const { t, studies } = this;
    return element(
      'section',
      { id: 'panel', class: 'panel', 'aria-label': t('bar.title') },
      ...studies.map((study, index) => this.studyPart(study, index)),
      messagePart(t, this.pending.state, this.fault, {
        undo: () => this.pending.undo(),
        retry: () => void this.pending.flush(),
        discard: () => this.pending.discard(),
      }),
    );
  }

  private studyPart(study: ShownStudy, index: number): HTMLElement {
    const { t, language, mayAssess } = this;
    const { findings } = study;
    return studyPart({
      t,
      language,
      mayAssess,
      study,
      heading: this.studies.length > 1 ? t('bar.study', { n: index + 1, uid: study.uid.slice(-8) }) : undefined,
      summary: this.summaryOf(study),
      stored: this.storedOf(study),
      waiting: this.pending.decisionsOf(study.uid),
      chosen: mayAssess && index === 0 ? findings[Math.min(this.chosen, findings.length - 1)]?.name : undefined,
      showsEarlier: this.showsEarlier,
      give: ({ name, meaning }, decision) => {
        if (index === 0) this.chosen = findings.findIndex((one) => one.name === name);
        this.decide(study, { name, meaning }, decision);
      },
      comment: (finding) => this.field.comment(study, finding),
      add: () => void this.field.add(study),
      field: this.field.in(study),
      withdraw: (finding) => void this.withdraw(study, finding),
      adjudicate: ({ name, meaning }, decision) => this.give(study, [{ name, meaning, decision }], true),
      confirmAll: () => this.confirmAll(study),
      toggleEarlier: () => {
        this.showsEarlier = !this.showsEarlier;
        this.render();
      },
    });
  }
}

/** Whether a key is for the page as a whole: not for a field, whose keys are text. */
function isKeyHere(event: KeyboardEvent): boolean {
  const [target] = event.composedPath();
  return !isWriting(target ?? null);
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
