import { availableParallelism } from 'node:os';
import { Fault } from '../../errors.js';
import type { DisplayFrame } from '../display/display-frame.js';
import { lungWindow, type CtWindow } from '../window.js';
import { DecoderChild, type DecoderEnd, type DecoderLimits } from './decoder-child.js';
import type { DecodedPicture, DecoderAnswer, DecoderTask, PictureSize, ScaledPicture, TaskResult, TaskResults } from './decoder-tasks.js';

export type { DecodedPicture, PictureSize, ScaledPicture } from './decoder-tasks.js';
export { toStored } from '../orientation.js';

export interface DecoderPoolOptions extends Partial<DecoderLimits> {
  /** Processes; default: one less than the machine has processors, at least one. */
  readonly workers?: number;
  /** For one file from when a process takes it; default 30 s. */
  readonly timeoutMs?: number;
  /** After this time without work a process is ended, also one that caches a file; one stays ready; default 5 minutes. */
  readonly idleMs?: number;
  /** Before the last attempt at a file that ended its processes; default 5 s. */
  readonly lastAttemptMs?: number;
  /** The process's program; tests put one here that hangs or dies. */
  readonly program?: URL;
}

/** How CT slices are shown to a network. */
export interface CtView {
  /** In Hounsfield units, one a channel; none: the lung window. */
  readonly windows: readonly CtWindow[];
  /** All of the slice and not only its lungs. */
  readonly wholeSlice?: boolean | undefined;
}

interface Job {
  readonly task: DecoderTask;
  readonly file: Uint8Array;
  /** Processes that died of it. */
  deaths: number;
  /** Processes that were killed from outside while they had it. */
  kills: number;
  /** It waits for its last attempt until the timer ends. */
  pause: NodeJS.Timeout | undefined;
  readonly resolve: (result: TaskResult) => void;
  readonly reject: (reason: unknown) => void;
}

interface Decoder {
  readonly child: DecoderChild;
  job: Job | undefined;
  /** While busy: the time limit of the task. While idle: until the process is ended. */
  timer: NodeJS.Timeout | undefined;
}

/**
 * A file that ended this many processes is not tried again. The first could have ended for another reason, and so could the second
 * immediately after it; what is wrong with the machine is over after a pause, what is wrong with the file is not.
 */
const maxDeaths = 3;
/** After this many kills from outside the file is left to a later attempt: the machine has no memory now. */
const maxKills = 2;

/**
 * Decoding in processes of their own, where neither a hang nor a crash of native code can take the service down: each reads,
 * decodes, presents and scales one file at a time; the rest wait in order.
 *
 * A file that takes longer than `timeoutMs` ends its process and is a Fault timed-out; one whose process dies (a broken codec, the
 * limit of memory) is decoded again in a fresh one, at once and then after a pause, and if these die too it is a Fault
 * pixels-unreadable. Neither is retryable: the same file would do it again. A process that is killed from outside (the kernel does it
 * where the machine has no memory left) says nothing about its file: after two of them it is a Fault decoder-killed, which is
 * retryable. The process is replaced, and no other file notices.
 * Processes start with the first task, or by `start`.
 */
export class DecoderPool {
  private readonly options: Required<DecoderPoolOptions>;
  private readonly decoders = new Set<Decoder>();
  private readonly waiting: Job[] = [];
  private stopped = false;

  constructor(options: DecoderPoolOptions = {}) {
    this.options = {
      workers: Math.max(1, options.workers ?? availableParallelism() - 1),
      timeoutMs: options.timeoutMs ?? 30_000,
      idleMs: options.idleMs ?? 300_000,
      lastAttemptMs: options.lastAttemptMs ?? 5_000,
      heapMb: options.heapMb ?? 512,
      memoryMb: options.memoryMb ?? 2_048,
      program: options.program ?? new URL('./decoder-process.js', import.meta.url),
    };
  }

  /** A radiograph as presentXray shows it. The bytes must not change before the answer; the same for the others. */
  xray(bytes: Uint8Array, size?: PictureSize): Promise<DecodedPicture> {
    return this.run({ kind: 'xray', ...(size ? { size } : {}) }, bytes);
  }

  /** The lungs of a CT slice as presentCtSlice shows them. @param frameNumber 1-based */
  ctSlice(bytes: Uint8Array, view: CtView, frameNumber = 1, size?: PictureSize): Promise<DecodedPicture> {
    const [first, ...others] = view.windows.map(({ center, width }) => ({ center, width }));
    const task = {
      kind: 'ctSlice' as const,
      window: first ?? lungWindow,
      frameNumber,
      ...(others.length > 0 ? { furtherWindows: others } : {}),
      ...(view.wholeSlice ? { wholeSlice: true } : {}),
      ...(size ? { size } : {}),
    };
    return this.run(task, bytes);
  }

  /**
   * A frame whose contrast is chosen by the viewer.
   *
   * @param frameNumber 1-based
   * @param signal aborted while the frame waits for a process: it is not decoded
   * @throws Fault timed-out after that, and the others
   */
  displayFrame(bytes: Uint8Array, { windows, wholeSlice = false }: CtView, frameNumber = 1, signal?: AbortSignal): Promise<DisplayFrame> {
    return this.run({ kind: 'displayFrame', window: windows[0] ?? lungWindow, wholeSlice, frameNumber }, bytes, signal);
  }

  /** Share of lung in the body's cross-section, 0 to 1. */
  lungFraction(bytes: Uint8Array, frameNumber = 1): Promise<number> {
    return this.run({ kind: 'lungFraction', frameNumber }, bytes);
  }

  /** A picture file as presentPicture shows it. */
  picture(bytes: Uint8Array, size?: PictureSize): Promise<ScaledPicture> {
    return this.run({ kind: 'picture', ...(size ? { size } : {}) }, bytes);
  }

  /** Process ids of the decoders of now. */
  get pids(): readonly number[] {
    return [...this.decoders].flatMap(({ child }) => child.pid ?? []);
  }

  /** Starts all processes now, so that the first file need not wait for them. */
  start(): void {
    this.stopped = false;
    while (this.decoders.size < this.options.workers) this.addDecoder();
  }

  /** Ends all processes; what was under way or waiting is rejected with a retryable Fault. */
  async stop(): Promise<void> {
    this.stopped = true;
    const ended = new Fault('timed-out', 'the decoders were stopped', {}, { retryable: true });
    for (const job of this.waiting.splice(0)) {
      clearTimeout(job.pause);
      job.reject(ended);
    }
    await Promise.all(
      [...this.decoders].map(async (decoder) => {
        this.remove(decoder)?.reject(ended);
        await decoder.child.kill();
      }),
    );
  }

  private run<Kind extends DecoderTask['kind']>(
    task: DecoderTask & { kind: Kind },
    file: Uint8Array,
    signal?: AbortSignal,
  ): Promise<TaskResults[Kind]> {
    if (this.stopped) return Promise.reject(new Fault('timed-out', 'the decoders are stopped', {}, { retryable: true }));
    return new Promise((resolve, reject) => {
      const gone = new Fault('timed-out', 'the sender went away', {}, { retryable: true });
      if (signal?.aborted) return reject(gone);
      const job: Job = { task, file, deaths: 0, kills: 0, pause: undefined, resolve: resolve as Job['resolve'], reject };
      this.waiting.push(job);
      signal?.addEventListener(
        'abort',
        () => {
          const index = this.waiting.indexOf(job);
          if (index < 0) return;
          this.waiting.splice(index, 1);
          clearTimeout(job.pause);
          reject(gone);
        },
        { once: true },
      );
      this.assign();
    });
  }

  /** Gives waiting work to idle processes, adding processes up to the limit. */
  private assign(): void {
    while (!this.stopped) {
      const job = this.waiting.find(({ pause }) => pause === undefined);
      if (!job) return;
      const idle = [...this.decoders].filter((decoder) => !decoder.job);
      const decoder =
        idle.find(({ child }) => child.has(job.file)) ??
        idle[0] ??
        (this.decoders.size < this.options.workers ? this.addDecoder() : undefined);
      if (!decoder) return;
      this.waiting.splice(this.waiting.indexOf(job), 1);
      clearTimeout(decoder.timer);
      decoder.job = job;
      decoder.timer = setTimeout(() => this.onTimeout(decoder), this.options.timeoutMs);
      decoder.child.ref();
      decoder.child.perform(job.task, job.file, (answer) => this.finish(decoder, answer));
    }
  }

  private addDecoder(): Decoder {
    const child = new DecoderChild(this.options.program, this.options, (end) => this.onExit(decoder, end));
    const decoder: Decoder = { child, job: undefined, timer: undefined };
    this.decoders.add(decoder);
    return decoder;
  }

  private finish(decoder: Decoder, answer: DecoderAnswer): void {
    const { job } = decoder;
    if (!job) return;
    clearTimeout(decoder.timer);
    decoder.job = undefined;
    decoder.child.unref();
    decoder.timer = setTimeout(() => this.retireIdle(decoder), this.options.idleMs).unref();
    if ('result' in answer) job.resolve(answer.result);
    else if ('fault' in answer) job.reject(new Fault(answer.fault.code, answer.fault.detail, answer.fault.subject));
    else job.reject(new Fault('pixels-unreadable', answer.error.split('\n')[0]!, {}, { cause: new Error(answer.error) }));
    this.assign();
  }

  /** A process that has been idle for long gives its memory back; one fresh process stays ready. */
  private retireIdle(decoder: Decoder): void {
    this.remove(decoder);
    void decoder.child.kill();
    if (this.decoders.size === 0) this.addDecoder();
  }

  private onTimeout(decoder: Decoder): void {
    this.remove(decoder)?.reject(
      new Fault('timed-out', `decoding took longer than ${this.options.timeoutMs} ms`, {}, { retryable: false }),
    );
    void decoder.child.kill();
    this.replace();
  }

  private onExit(decoder: Decoder, { reason, outside }: DecoderEnd): void {
    const job = this.remove(decoder);
    if (!job) return;
    if (outside) job.kills++;
    else job.deaths++;
    if (job.deaths < maxDeaths && job.kills < maxKills) this.tryAgain(job);
    else if (outside)
      job.reject(
        new Fault('decoder-killed', 'something outside ended it by SIGKILL, as the kernel does where the machine has no memory left'),
      );
    else job.reject(new Fault('pixels-unreadable', `the decoder died: ${reason}`));
    this.replace();
  }

  private tryAgain(job: Job): void {
    this.waiting.unshift(job);
    if (job.deaths < maxDeaths - 1) return;
    job.pause = setTimeout(() => {
      job.pause = undefined;
      this.assign();
    }, this.options.lastAttemptMs);
  }

  /** In place of a process that ended at its work; the start of the next is then over when the next file comes. */
  private replace(): void {
    if (this.stopped) return;
    this.addDecoder();
    this.assign();
  }

  /** @returns its active task */
  private remove(decoder: Decoder): Job | undefined {
    this.decoders.delete(decoder);
    clearTimeout(decoder.timer);
    const { job } = decoder;
    decoder.job = undefined;
    return job;
  }
}
