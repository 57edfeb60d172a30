import type { CodedFinding, Decision } from '../../server/page-types.js';
import { get } from '../api.js';
import type { AssessableFinding, OwnDecision } from '../assessments.js';
import type { Translate } from '../texts/languages.js';
import { element } from './element.js';
import { addFindingField, commentField } from './fields.js';
import type { ShownStudy } from './shown-study.js';

/** What a field does with the strip around it. */
export interface FieldPorts {
  ownOf(study: ShownStudy, name: string): OwnDecision | undefined;
  decide(study: ShownStudy, finding: AssessableFinding, decision: Decision, comment?: string): void;
  failed(error: unknown): void;
  render(): void;
  focus(selector: string): void;
}

interface Field {
  readonly study: ShownStudy;
  /** Its name; absent of the field for another finding. */
  readonly finding?: string;
  readonly element: HTMLElement;
}

/** The field of the strip that is open, for a comment on a finding or for another finding; at most one. */
export class OpenField {
  private field: Field | undefined;

  constructor(
    private readonly t: Translate,
    private readonly ports: FieldPorts,
  ) {}

  in(study: ShownStudy): Field | undefined {
    return this.field?.study === study ? this.field : undefined;
  }

  forget(): void {
    this.field = undefined;
  }

  /** On a decision of the reader; without one the panel says so. */
  comment(study: ShownStudy, finding: AssessableFinding): void {
    const { name, meaning } = finding;
    const own = this.ports.ownOf(study, name);
    const opened = own
      ? commentField(this.t, meaning, own.comment ?? '', (text) => {
          this.close(`bar-comment-${name}`);
          if (text !== undefined) this.ports.decide(study, finding, this.ports.ownOf(study, name)?.decision ?? own.decision, text);
        })
      : element('p', { role: 'status', 'data-testid': 'bar-decide-first' }, this.t('assessment.decideFirst'));
    this.open({ study, finding: name, element: opened }, '[data-focus=bar-comment-field]');
  }

  async add(study: ShownStudy): Promise<void> {
    const all = await get<readonly CodedFinding[]>('/api/findings').catch((error: unknown) => this.ports.failed(error));
    if (!all) return;
    const others = all.filter(({ name }) => !study.findings.some((one) => one.name === name));
    const opened = addFindingField(this.t, others, (added) => {
      this.close('bar-add');
      if (added) this.ports.decide(study, added.finding, added.decision);
    });
    this.open({ study, element: opened }, '[data-focus=bar-add-field]');
  }

  private open(field: Field, focused: string): void {
    this.field = field;
    this.ports.render();
    this.ports.focus(focused);
  }

  /** @param button name of the one that has the focus then */
  private close(button: string): void {
    this.field = undefined;
    this.ports.render();
    this.ports.focus(`[data-focus="${CSS.escape(button)}"]`);
  }
}
