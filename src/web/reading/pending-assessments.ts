import { ApiFault, post } from '../api.js';
import { studyApi } from '../addresses.js';
import { requestsOf, type PendingRequest } from './assessment-requests.js';
import type { GivenFinding, GivenStep } from './given-step.js';
import { keptSteps, keepSteps, type TabStorage } from './kept-steps.js';

/** What becomes of the last clicks. waiting: may be taken back; storing: sent; stored: in the PACS. */
export interface PendingState {
  readonly kind: 'idle' | 'waiting' | 'storing' | 'stored';
  readonly steps: readonly GivenStep[];
  /** What could not be stored, and is still here. */
  readonly failed?: { readonly steps: readonly GivenStep[]; readonly error: unknown } | undefined;
  /** The step that was taken back last. */
  readonly undone?: GivenStep | undefined;
}

/** How long a click can be taken back. */
export const undoMs = 5_000;
/** How long the page says that something was stored. */
const storedMs = 6_000;

/** A request that is under way, or waits for those before it. */
interface Sending extends PendingRequest {
  isStored: boolean;
  started?: Promise<void>;
}

interface FailedRequest {
  readonly steps: readonly GivenStep[];
  readonly error: unknown;
}

export interface PendingPorts {
  /** Called when the server has stored the assessments of a study; until it resolves, they are among the pending decisions. */
  onStored?(study: string): Promise<unknown>;
  /** @throws ApiFault */
  send?(study: string, body: object): Promise<unknown>;
  readonly storage?: TabStorage;
}

/**
 * Assessments that are sent a few seconds after the click, so that it can be taken back: also after the reader has moved on to the next
 * study. They are sent at once when something is decided about another study and when the page is left (`keepalive`), and kept in the tab
 * until the server has stored them: what a closed connection prevented is sent by the next page of the same user in this tab.
 */
export class PendingAssessments {
  /** Given, and not sent. */
  private steps: readonly GivenStep[] = [];
  /** Sent; after they are stored until the page has loaded them again. */
  private inFlight: readonly Sending[] = [];
  private failed: readonly FailedRequest[] = [];
  private undone: GivenStep | undefined;
  private lastStored: readonly GivenStep[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private storedTimer: ReturnType<typeof setTimeout> | undefined;
  private sending: Promise<void> = Promise.resolve();
  private user = '';
  private readonly listeners = new Set<() => void>();
  private readonly onStored: (study: string) => Promise<unknown>;
  private readonly send: (study: string, body: object) => Promise<unknown>;
  private readonly storage: TabStorage;
  state: PendingState = { kind: 'idle', steps: [] };

  constructor({ onStored = async () => undefined, send = sendToServer, storage = sessionStorage }: PendingPorts = {}) {
    this.onStored = onStored;
    this.send = send;
    this.storage = storage;
  }

  /** Sends what waits when the page is left or hidden: it may not come back. */
  watchPage(): this {
    addEventListener('pagehide', () => this.leave());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden') this.leave();
    });
    return this;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly current = (): PendingState => this.state;

  /** Sends what an earlier page of this tab could not. */
  start(user: string): void {
    if (this.user === user) return;
    // Another reader has logged in: what the former one has decided stays in the tab until that reader is back.
    if (this.user !== '') {
      clearTimeout(this.timer);
      this.steps = [];
      this.failed = [];
      this.inFlight = [];
    }
    this.user = user;
    const left = keptSteps(this.storage, user);
    if (left.length === 0) return this.note();
    this.steps = [...left, ...this.steps];
    void this.flush();
  }

  /** The decisions of a study that the page does not show as stored yet, by name of the finding, with what was written about them. */
  decisionsOf(study: string): ReadonlyMap<string, Pick<GivenFinding, 'decision' | 'comment'>> {
    const found = new Map<string, Pick<GivenFinding, 'decision' | 'comment'>>();
    for (const step of [...this.failed.flatMap(({ steps }) => steps), ...this.inFlight.flatMap(({ steps }) => steps), ...this.steps])
      if (step.study === study)
        for (const { name, decision, comment = found.get(name)?.comment } of step.findings)
          found.set(name, { decision, ...(comment === undefined ? {} : { comment }) });
    return found;
  }

  /** Studies about which something is decided that is not stored yet. */
  studies(): ReadonlySet<string> {
    const mayBeStored = this.failed.filter(({ error }) => !isOutdated(error)).flatMap(({ steps }) => steps);
    return new Set([...mayBeStored, ...this.inFlight.flatMap(({ steps }) => steps), ...this.steps].map(({ study }) => study));
  }

  give(step: GivenStep): void {
    if (this.steps.some((one) => one.study !== step.study)) void this.flush();
    this.steps = [...this.steps, step];
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.flush(), undoMs);
    this.note();
  }

  /** Gives up what could not be stored. What waits or is under way stays. */
  discard(): void {
    this.failed = [];
    this.note();
  }

  /** Takes back the last click that is not sent yet. @returns it, if there was one */
  undo(): GivenStep | undefined {
    const undone = this.steps.at(-1);
    if (!undone) return undefined;
    this.steps = this.steps.slice(0, -1);
    this.undone = undone;
    if (this.steps.length === 0) clearTimeout(this.timer);
    this.note();
    return undone;
  }

  /**
   * Sends what waits, behind what is under way, and once more what failed and may succeed now. Resolves when the server has replied; a
   * failure stays in `state`.
   */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    const again = this.failed.filter(({ error }) => !isOutdated(error));
    const steps = [...again.flatMap((one) => one.steps), ...this.steps];
    if (steps.length === 0) return this.sending;
    this.failed = this.failed.filter((one) => !again.includes(one));
    this.steps = [];
    this.lastStored = [];
    const requests = requestsOf(steps).map(
      // The server refuses them under another account: a session may have ended, and somebody else logged in.
      (one): Sending => ({ ...one, body: { ...one.body, ...(this.user === '' ? {} : { reader: this.user }) }, isStored: false }),
    );
    const isFirst = !this.inFlight.some((one) => !one.isStored);
    this.inFlight = [...this.inFlight, ...requests];
    this.note();
    // A later decision on a study must not overtake an earlier one.
    const sent = isFirst ? this.sendAll(requests) : this.sending.then(() => this.sendAll(requests));
    this.sending = sent;
    return sent;
  }

  /** The page may be about to go: nothing waits for its turn. */
  private leave(): void {
    void this.flush();
    void this.sendAll(this.inFlight);
  }

  private async sendAll(requests: readonly Sending[]): Promise<void> {
    await Promise.all(requests.map((one) => (one.started ??= this.sendOne(one))));
  }

  private async sendOne(request: Sending): Promise<void> {
    const { study, body, steps } = request;
    try {
      await this.send(study, body);
    } catch (error) {
      // Of a user who is no longer here: it is kept for the return.
      if (!this.inFlight.includes(request)) return;
      this.inFlight = this.inFlight.filter((one) => one !== request);
      this.failed = [...this.failed, { steps, error }];
      this.note();
      return;
    }
    request.isStored = true;
    this.lastStored = [...this.lastStored, ...steps];
    this.note();
    // The page shows these decisions as the reader's until it has loaded them again.
    const loaded = (): void => {
      this.inFlight = this.inFlight.filter((one) => one !== request);
      this.note();
    };
    void this.onStored(study).then(loaded, loaded);
  }

  private note(): void {
    const { undone } = this;
    // One that Retry may help with, if there is one.
    const first = this.failed.find(({ error }) => !isOutdated(error)) ?? this.failed[0];
    const unsent = this.inFlight.filter((one) => !one.isStored).flatMap(({ steps }) => steps);
    const shown: Pick<PendingState, 'kind' | 'steps'> =
      this.steps.length > 0
        ? { kind: 'waiting', steps: this.steps }
        : unsent.length > 0
          ? { kind: 'storing', steps: unsent }
          : { kind: this.lastStored.length > 0 ? 'stored' : 'idle', steps: this.lastStored };
    this.state = {
      ...shown,
      ...(first ? { failed: { steps: this.failed.flatMap(({ steps }) => steps), error: first.error } } : {}),
      ...(undone ? { undone } : {}),
    };
    clearTimeout(this.storedTimer);
    if (shown.kind === 'stored')
      this.storedTimer = setTimeout(() => {
        this.lastStored = [];
        this.note();
      }, storedMs);
    keepSteps(this.storage, this.user, [...this.failed.flatMap(({ steps }) => steps), ...unsent, ...this.steps]);
    for (const listener of this.listeners) listener();
  }
}

/** Whether the result has been replaced since, so that sending it again is of no use. */
export function isOutdated(error: unknown): boolean {
  return error instanceof ApiFault && error.status === 409;
}

function sendToServer(study: string, body: object): Promise<unknown> {
  return post(studyApi(study, 'assessments'), body, { keepalive: true });
}
