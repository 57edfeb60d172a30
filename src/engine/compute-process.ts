import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Fault, type FaultCode } from '../errors.js';
import { AnswerPace, RunningTimer, type AnswerLimits, type Work } from './answer-limits.js';

/** What a computing process sends: the answer to each request once, in the order of asking; anything else is its own business. */
export type ComputeAnswer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string; readonly code?: FaultCode };

export interface ComputeProcessOptions {
  readonly program: URL;
  readonly arguments: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly limits: AnswerLimits;
  /** Takes what is no answer to a request. */
  readonly onMessage?: (message: object) => void;
  /** Called once, when the process has ended for whatever reason. */
  readonly onEnd?: (reason: string) => void;
}

interface Waiting {
  readonly what: string;
  readonly work: Work | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Fault) => void;
}

/** Before a process that computes is ended by force, and before one that cannot be ended is left to itself (a driver that hangs in the kernel). */
const patienceMs = 2_000;
const abandonMs = 5_000;
/** Of the last words of a process that ended by itself, and how long they may take to arrive. */
const maxReason = 300;
const lastWordsMs = 50;

/** The processes of now: none outlives the one that started it. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Rejected because of another request: the cause of the fault of those that the process had not begun. */
export const notBegun = Symbol('the request was not begun');

/**
 * An engine's process: it is asked one thing after the other. A request that is not answered in time ends the process by
 * force, for nothing else ends native code that hangs; what was asked is then a Fault `engine-failed`, which is retryable.
 *
 * Why a process and not a thread: a thread inside native code can be neither ended nor left behind (Node waits for it
 * at its own exit), a crash there takes the service along, and onnxruntime (1.30) reads the command line of its process with a
 * recursive `std::regex`, which overflows the stack where the command line is long: this process's is short.
 */
export class ComputeProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #pace: AnswerPace;
  readonly #exited: Promise<void>;
  #serial = 0;
  #ended: string | undefined;
  #lastWords = '';
  /** Of the request that is being computed: the first of those waiting. */
  #timer: RunningTimer | undefined;
  #begun = 0;

  constructor({ program, arguments: given, environment, limits, onMessage, onEnd }: ComputeProcessOptions) {
    this.#pace = new AnswerPace(limits);
    const child = fork(fileURLToPath(program), given, {
      serialization: 'advanced',
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: environment,
    });
    this.#child = child;
    running.add(child);
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#lastWords = (this.#lastWords + text).slice(-maxReason)));
    child.on('message', (message: ComputeAnswer | object) => {
      if ('id' in message) this.#answered(message);
      else onMessage?.(message);
    });
    const end = (reason: string): void => {
      this.#end(reason);
      onEnd?.(this.#ended!);
    };
    child.on('error', (error) => end(error.message));
    this.#exited = new Promise((resolve) => {
      child.on('exit', (code, signal) => {
        running.delete(child);
        // what it said last may still be on its way
        setTimeout(() => {
          const words = this.#lastWords.replace(/\s+/g, ' ').trim();
          end(`${signal ? `by ${signal}` : `exit code ${code}`}${words ? `, saying: ${words}` : ''}`);
          resolve();
        }, lastWordsMs);
      });
    });
    this.hold(false);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Whether the request being computed has taken more than half of the time it may take. */
  get stalled(): boolean {
    return this.#timer !== undefined && this.#timer.elapsedMs > this.#timer.limitMs / 2;
  }

  /**
   * @param what the request in a word, for the fault
   * @param work by which its time is measured; without it `firstAnswerMs` is its limit
   * @throws Fault 'engine-failed' with what the engine said, if it gave no answer in time, or if the process ended meanwhile
   */
  ask(request: object, what: string, work?: Work): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(endedFault(this.#ended, true));
      const id = this.#serial++;
      this.#waiting.set(id, { what, work, resolve, reject });
      if (this.#waiting.size === 1) this.#watch();
      this.hold(true);
      // a process that ended is said by 'exit'
      this.#child.send({ id, request }, () => undefined);
    });
  }

  /** A network that is not used any more needs no measure. */
  forget(keys: readonly string[]): void {
    this.#pace.forget(keys);
  }

  /** An idle engine must not keep this process alive, one that computes must. */
  hold(held: boolean): void {
    const handles = [this.#child, this.#child.channel, this.#child.stderr as unknown as { ref(): void; unref(): void }];
    for (const handle of handles) handle?.[held ? 'ref' : 'unref']();
  }

  /** Ends the process; what is being computed is given up. */
  async stop(): Promise<void> {
    this.#end('stopped');
    this.hold(true);
    // without its channel it ends by itself, unless it is in the middle of a long computation
    if (this.#child.connected) this.#child.disconnect();
    const impatience = setTimeout(() => this.#child.kill('SIGKILL'), patienceMs);
    let recordGivenUpStudy: NodeJS.Timeout | undefined;
    await Promise.race([this.#exited, new Promise<void>((resolve) => (recordGivenUpStudy = setTimeout(resolve, patienceMs + abandonMs)))]);
    clearTimeout(impatience);
    clearTimeout(recordGivenUpStudy);
    this.hold(false);
  }

  /** The time of the first of those waiting begins. */
  #watch(): void {
    this.#timer?.stop();
    this.#timer = undefined;
    const first = this.#waiting.values().next().value;
    if (!first) return;
    this.#begun = performance.now();
    this.#timer = new RunningTimer(this.#pace.limitOf(first.work), (elapsedMs) => {
      this.#end(`no answer within ${(elapsedMs / 1000).toFixed(elapsedMs < 10_000 ? 1 : 0)} s (${first.what})`);
      this.#child.kill('SIGKILL');
    });
  }

  #answered(answer: ComputeAnswer): void {
    const entry = this.#waiting.get(answer.id);
    if (!entry) return;
    this.#waiting.delete(answer.id);
    if (entry.work && 'value' in answer) this.#pace.answered(entry.work, performance.now() - this.#begun);
    this.#watch();
    if (this.#waiting.size === 0) this.hold(false);
    if ('error' in answer) entry.reject(new Fault(answer.code ?? 'engine-failed', answer.error));
    else entry.resolve(answer.value);
  }

  #end(reason: string): void {
    this.#ended ??= reason;
    this.#timer?.stop();
    this.#timer = undefined;
    const left = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const [index, { reject }] of left.entries()) reject(endedFault(this.#ended, index > 0));
    if (left.length > 0) this.hold(false);
  }
}

function endedFault(reason: string, begunNever: boolean): Fault {
  return new Fault('engine-failed', `the engine's process ended: ${reason}`, {}, begunNever ? { cause: notBegun } : {});
}
