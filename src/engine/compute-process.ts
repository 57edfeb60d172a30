import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Fault, type FaultCode } from '../errors.js';
import { AnswerPace, RunningTimer, type AnswerLimits, type Work } from './answer-limits.js';
import { confinedCommand, type Confinement } from './confinement.js';
import { MemoryFile, withImagesPlaced, type Placed } from './memory-file.js';

/** What a compute process sends: one reply to each request, in the order of the requests. Other messages go to `onMessage`. */
export type ComputeReply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string; readonly code?: FaultCode };

export interface ComputeProcessOptions {
  readonly program: URL;
  readonly arguments: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly limits: AnswerLimits;
  /** Of a process that reads files of others. */
  readonly confinement?: Confinement | undefined;
  /** Receives messages that are no reply to a request. */
  readonly onMessage?: (message: object) => void;
  /** Called once, when the process has ended for whatever reason. */
  readonly onEnd?: (reason: string) => void;
}

interface Waiting {
  readonly what: string;
  readonly work: Work | undefined;
  readonly placed: readonly Placed[];
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Fault) => void;
}

/** Time until a process that still computes is killed, and until one that cannot be killed is abandoned (a driver that hangs in the kernel). */
const killAfterMs = 2_000;
const abandonMs = 5_000;
/** Characters kept of the standard error output of a process, and the time it may take to arrive after the process ended. */
const maxReasonLength = 300;
const stderrGraceMs = 50;

/** All running compute processes: none outlives the service. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Rejected because of another request: the cause of the fault of those that the process had not begun. */
export const notBegun = Symbol('the request was not begun');

/**
 * An engine's process, which computes one request after the other. If a request gets no reply in time, the process is killed, because
 * nothing else ends native code that hangs; the request then fails with the retryable Fault `engine-failed`.
 *
 * Requests and replies are messages, without the images: memory-file.ts.
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
  readonly #memory: MemoryFile | undefined;
  #serial = 0;
  #ended: string | undefined;
  #stderrEnd = '';
  /** Of the request that is being computed, which is the first of those waiting. */
  #timer: RunningTimer | undefined;
  #begun = 0;

  constructor({ program, arguments: given, environment, limits, confinement, onMessage, onEnd }: ComputeProcessOptions) {
    this.#pace = new AnswerPace(limits);
    this.#memory = MemoryFile.create();
    const child = fork(fileURLToPath(program), given, {
      serialization: 'advanced',
      execArgv: [],
      ...(confinement ? confinedCommand(confinement) : {}),
      stdio: ['ignore', 'ignore', 'pipe', 'ipc', ...(this.#memory ? [this.#memory.readable] : [])],
      env: environment,
    });
    this.#child = child;
    this.#memory?.closeReadable();
    running.add(child);
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#stderrEnd = (this.#stderrEnd + text).slice(-maxReasonLength)));
    child.on('message', (message: ComputeReply | object) => {
      if ('id' in message) this.#onReply(message);
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
        // the end of its standard error output may still be on its way
        setTimeout(() => {
          const stderr = this.#stderrEnd.replace(/\s+/g, ' ').trim();
          end(`${signal ? `by ${signal}` : `exit code ${code}`}${stderr ? `, stderr: ${stderr}` : ''}`);
          resolve();
        }, stderrGraceMs);
      });
    });
    this.keepServiceAlive(false);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /** Whether the request being computed has taken more than half of the time it may take. */
  get stalled(): boolean {
    return this.#timer !== undefined && this.#timer.elapsedMs > this.#timer.limitMs / 2;
  }

  /**
   * @param what names the request in the fault
   * @param work for which the time is measured; without it the limit is `firstAnswerMs`
   * @throws Fault 'engine-failed' with the engine's message, if it did not reply in time, or if the process ended meanwhile
   */
  request(request: object, what: string, work?: Work): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(endedFault(this.#ended, true));
      const id = this.#serial++;
      const sent = this.#memory ? withImagesPlaced(request, this.#memory) : { request, placed: [] };
      this.#waiting.set(id, { what, work, placed: sent.placed, resolve, reject });
      if (this.#waiting.size === 1) this.#watch();
      this.keepServiceAlive(true);
      // 'exit' reports a process that ended
      this.#child.send({ id, request: sent.request }, () => undefined);
    });
  }

  /** Forgets the measured times of a network that is not used any more. */
  forget(keys: readonly string[]): void {
    this.#pace.forget(keys);
  }

  /** Whether this engine keeps the event loop of the service alive: while it computes, not while it is idle. */
  keepServiceAlive(keep: boolean): void {
    const handles = [this.#child, this.#child.channel, this.#child.stderr as unknown as { ref(): void; unref(): void }];
    for (const handle of handles) handle?.[keep ? 'ref' : 'unref']();
  }

  /** Ends the process; a computation under way is abandoned. */
  async stop(): Promise<void> {
    this.#end('stopped');
    this.keepServiceAlive(true);
    // without its channel it ends by itself, unless it is in the middle of a long computation
    if (this.#child.connected) this.#child.disconnect();
    const killTimer = setTimeout(() => this.#child.kill('SIGKILL'), killAfterMs);
    let abandonTimer: NodeJS.Timeout | undefined;
    await Promise.race([this.#exited, new Promise<void>((resolve) => (abandonTimer = setTimeout(resolve, killAfterMs + abandonMs)))]);
    clearTimeout(killTimer);
    clearTimeout(abandonTimer);
    this.keepServiceAlive(false);
  }

  /** Starts the time limit of the first request that waits. */
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

  #onReply(answer: ComputeReply): void {
    const entry = this.#waiting.get(answer.id);
    if (!entry) return;
    this.#waiting.delete(answer.id);
    this.#memory?.free(entry.placed);
    if (entry.work && 'value' in answer) this.#pace.answered(entry.work, performance.now() - this.#begun);
    this.#watch();
    if (this.#waiting.size === 0) this.keepServiceAlive(false);
    if ('error' in answer) entry.reject(new Fault(answer.code ?? 'engine-failed', answer.error));
    else entry.resolve(answer.value);
  }

  #end(reason: string): void {
    if (this.#ended === undefined) this.#memory?.close();
    this.#ended ??= reason;
    this.#timer?.stop();
    this.#timer = undefined;
    const left = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const [index, { reject }] of left.entries()) reject(endedFault(this.#ended, index > 0));
    if (left.length > 0) this.keepServiceAlive(false);
  }
}

function endedFault(reason: string, neverBegun: boolean): Fault {
  return new Fault('engine-failed', `the engine's process ended: ${reason}`, {}, neverBegun ? { cause: notBegun } : {});
}
