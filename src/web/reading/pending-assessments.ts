import { ApiFault, post } from '../api.js';
import { studyApi } from '../addresses.js';
import type { Decision } from '../../server/page-types.js';

/** A reader's decision on one finding. */
export interface GivenFinding {
  readonly name: string;
  readonly decision: Decision;
  /** For people; it is not sent. */
  readonly meaning?: string | undefined;
  /** Free text; becomes part of the SR only. */
  readonly comment?: string | undefined;
}

/** What one click or key stated. */
export interface GivenStep {
  readonly study: string;
  readonly findings: readonly GivenFinding[];
  /** SOP Instance UID of the text report that the reader sees. */
  readonly assessedDocument?: string | undefined;
  /** Ends a disagreement between readers. */
  readonly adjudicates?: boolean | undefined;
}

/** waiting: may be taken back; storing: sent; stored: in the PACS; failed: not stored, and still here. */
export type PendingState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'waiting' | 'storing' | 'stored'; readonly steps: readonly GivenStep[] }
  | { readonly kind: 'failed'; readonly steps: readonly GivenStep[]; readonly error: unknown };

/** How long a click can be taken back. */
export const undoMs = 5_000;

const storageKey = 'chest-ai-pending-assessments';

/**
 * Assessments that are sent a few seconds after the click, so that it can be taken back. They are sent at once when the reader moves on or
 * leaves the page (`keepalive`), and kept in the tab until the server has stored them: what a closed connection prevented is sent by the next
 * page of the same user in this tab.
 */
export class PendingAssessments {
  private steps: readonly GivenStep[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private sending: Promise<void> = Promise.resolve();
  private user = '';
  private readonly listeners = new Set<() => void>();
  state: PendingState = { kind: 'idle' };

  /** @param onStored called when the server has stored the assessments of a study */
  constructor(private readonly onStored: (study: string) => void = () => undefined) {
    addEventListener('pagehide', () => void this.flush());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden') void this.flush();
    });
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly current = (): PendingState => this.state;

  /** Sends what an earlier page of this tab could not. */
  start(user: string): void {
    if (this.user === user) return;
    this.user = user;
    const left = storedSteps(user);
    if (left.length === 0) return;
    this.steps = [...left, ...this.steps];
    void this.flush();
  }

  /** The decisions of a study that are not stored yet, by name of the finding. */
  decisionsOf(study: string): ReadonlyMap<string, Decision> {
    const { state } = this;
    const steps = state.kind === 'idle' || state.kind === 'stored' ? [] : state.steps;
    return new Map(
      steps.filter((one) => one.study === study).flatMap(({ findings }) => findings.map(({ name, decision }) => [name, decision])),
    );
  }

  give(step: GivenStep): void {
    if (this.steps.some((one) => one.study !== step.study)) void this.flush();
    this.steps = [...this.steps, step];
    this.note({ kind: 'waiting', steps: this.steps });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.flush(), undoMs);
  }

  /** Gives up what could not be stored. */
  discard(): void {
    clearTimeout(this.timer);
    this.steps = [];
    this.note({ kind: 'idle' });
  }

  /** Takes back the last click that is not sent yet. @returns it, if there was one */
  undo(): GivenStep | undefined {
    const undone = this.steps.at(-1);
    if (!undone) return undefined;
    this.steps = this.steps.slice(0, -1);
    if (this.steps.length === 0) clearTimeout(this.timer);
    this.note(this.steps.length > 0 ? { kind: 'waiting', steps: this.steps } : { kind: 'idle' });
    return undone;
  }

  /** Sends everything now. Resolves when the server has replied; a failure stays in `state`. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    const { steps } = this;
    if (steps.length === 0) return this.sending;
    this.steps = [];
    this.note({ kind: 'storing', steps });
    // The requests start now, whatever is under way: the page may be about to go.
    const requests = requestsOf(steps).map(async ({ study, body }) => {
      await post(studyApi(study, 'assessments'), body, { keepalive: true });
      this.onStored(study);
    });
    const sent = Promise.allSettled(requests).then((results) => {
      const failed = results.find((one) => one.status === 'rejected');
      if (!failed) {
        if (this.steps.length === 0) this.note({ kind: 'stored', steps });
        else store(this.user, this.steps);
        return;
      }
      this.steps = [...steps, ...this.steps];
      this.note({ kind: 'failed', steps: this.steps, error: failed.reason as unknown });
    });
    this.sending = Promise.all([this.sending, sent]).then(() => undefined);
    return this.sending;
  }

  private note(state: PendingState): void {
    this.state = state;
    store(this.user, state.kind === 'idle' || state.kind === 'stored' ? [] : state.steps);
    for (const listener of this.listeners) listener();
  }
}

/** Whether the result has been replaced since, so that sending it again is of no use. */
export function isOutdated(error: unknown): boolean {
  return error instanceof ApiFault && error.status === 409;
}

/** One request for each study and kind of assessment: of several decisions on a finding the last one counts. */
function requestsOf(steps: readonly GivenStep[]): readonly { readonly study: string; readonly body: object }[] {
  const groups = new Map<string, { readonly last: GivenStep; readonly findings: Map<string, GivenFinding> }>();
  for (const step of steps) {
    const key = `${step.study} ${step.adjudicates ?? false}`;
    const findings = groups.get(key)?.findings ?? new Map<string, GivenFinding>();
    for (const finding of step.findings) {
      const comment = finding.comment ?? findings.get(finding.name)?.comment;
      findings.set(finding.name, { ...finding, ...(comment === undefined ? {} : { comment }) });
    }
    groups.set(key, { last: step, findings });
  }
  return [...groups.values()].map(({ last: { study, assessedDocument, adjudicates }, findings }) => ({
    study,
    body: {
      findings: [...findings.values()].map(({ meaning: _, ...sent }) => sent),
      ...(assessedDocument === undefined ? {} : { assessedDocument }),
      ...(adjudicates ? { adjudicates } : {}),
    },
  }));
}

function store(user: string, steps: readonly GivenStep[]): void {
  if (steps.length === 0) sessionStorage.removeItem(storageKey);
  else sessionStorage.setItem(storageKey, JSON.stringify({ user, steps }));
}

function storedSteps(user: string): readonly GivenStep[] {
  try {
    const stored = JSON.parse(sessionStorage.getItem(storageKey) ?? '{}') as { user?: string; steps?: readonly GivenStep[] };
    return stored.user === user ? (stored.steps ?? []) : [];
  } catch {
    return [];
  }
}
