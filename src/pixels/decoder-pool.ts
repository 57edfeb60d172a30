import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { Fault } from '../errors.js';
import { handedOver, SharedCopies } from './shared-copies.js';
import type { DecodedPicture, DecoderAnswer, DecoderTask, PictureSize, TaskResults } from './decoder-tasks.js';

export type { DecodedPicture, PictureSize } from './decoder-tasks.js';
export { toStored } from './orientation.js';

export interface DecoderPoolOptions {
  /** Threads; default: one less than the machine has, at least one. */
  readonly workers?: number;
  /** For one file from when a thread takes it; default 30 s. */
  readonly timeoutMs?: number;
  /** JavaScript heap of a thread; the pixels live outside it. Default 512 MB. */
  readonly heapMb?: number;
  /** The thread's program; tests put one here that hangs or dies. */
  readonly program?: URL;
}

interface Job {
  readonly task: DecoderTask;
  readonly resolve: (result: DecodedPicture | number) => void;
  readonly reject: (reason: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  job: { readonly id: number; readonly timer: NodeJS.Timeout } & Job | undefined;
}

/**
 * Decoding off the event loop: each thread reads, decodes, presents and scales one file at a time; the rest wait in order.
 *
 * A file that takes longer than `timeoutMs` ends its thread and is a Fault timed-out; one that kills its thread (memory,
 * a broken codec) is a Fault pixels-unreadable. Neither is retryable: the same file would do it again. The thread is
 * replaced, and no other file notices. The caller's thread is held up for no longer than copying 8 MB takes.
 * Threads start with the first task, or by `start`.
 */
export class DecoderPool {
  private readonly options: Required<DecoderPoolOptions>;
  private readonly threads = new Set<Thread>();
  private readonly waiting: Job[] = [];
  private readonly copies = new SharedCopies();
  private lastId = 0;
  private stopped = false;

  constructor(options: DecoderPoolOptions = {}) {
    this.options = {
      workers: Math.max(1, options.workers ?? availableParallelism() - 1),
      timeoutMs: options.timeoutMs ?? 30_000,
      heapMb: options.heapMb ?? 512,
      program: options.program ?? new URL('./decoder-worker.js', import.meta.url),
    };
  }

  /** A radiograph as presentXray shows it. The bytes are copied, so they stay usable. */
  xray(bytes: Uint8Array, size?: PictureSize): Promise<DecodedPicture> {
    return this.run({ kind: 'xray', bytes, ...(size ? { size } : {}) });
  }

  /** The lungs of a CT slice as presentCtSlice shows them. @param window in Hounsfield units @param frameNumber 1-based */
  ctSlice(bytes: Uint8Array, window: { readonly center: number; readonly width: number }, frameNumber = 1, size?: PictureSize): Promise<DecodedPicture> {
    return this.run({ kind: 'ctSlice', bytes, window: { center: window.center, width: window.width }, frameNumber, ...(size ? { size } : {}) });
  }

  /** Share of lung in the body's cross-section, 0 to 1. */
  lungFraction(bytes: Uint8Array, frameNumber = 1): Promise<number> {
    return this.run({ kind: 'lungFraction', bytes, frameNumber });
  }

  /** Starts all threads now, so that the first file need not wait for them. */
  start(): void {
    this.stopped = false;
    while (this.threads.size < this.options.workers) this.addThread();
  }

  /** Ends all threads; what was under way or waiting is rejected with a retryable Fault. */
  async stop(): Promise<void> {
    this.stopped = true;
    const ended = new Fault('timed-out', 'the decoders were stopped', {}, { retryable: true });
    for (const job of this.waiting.splice(0)) job.reject(ended);
    const threads = [...this.threads];
    this.threads.clear();
    for (const thread of threads) this.release(thread)?.reject(ended);
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }

  private run<Kind extends DecoderTask['kind']>(task: DecoderTask & { kind: Kind }): Promise<TaskResults[Kind]> {
    if (this.stopped) return Promise.reject(new Fault('timed-out', 'the decoders are stopped', {}, { retryable: true }));
    return new Promise((resolve, reject) => {
      this.waiting.push({ task, resolve: resolve as Job['resolve'], reject });
      this.assign();
    });
  }

  /** Gives waiting work to idle threads, adding threads up to the limit. */
  private assign(): void {
    while (this.waiting.length > 0 && !this.stopped) {
      const idle = [...this.threads].find((thread) => !thread.job) ?? (this.threads.size < this.options.workers ? this.addThread() : undefined);
      if (!idle) return;
      const job = this.waiting.shift()!;
      const id = ++this.lastId;
      const timer = setTimeout(() => {
        this.replace(idle, new Fault('timed-out', `decoding took longer than ${this.options.timeoutMs} ms`, {}, { retryable: false }));
      }, this.options.timeoutMs);
      idle.job = { ...job, id, timer };
      idle.worker.ref();
      const { bytes } = job.task;
      if (bytes.length <= handedOver) {
        // Our own copy, handed over. Not slice(): of a Buffer that is a view, and the caller's bytes would go with it.
        const whole = new Uint8Array(bytes);
        idle.worker.postMessage({ id, task: { ...job.task, bytes: whole } }, [whole.buffer]);
      } else void this.copies.of(bytes).then((shared) => idle.worker.postMessage({ id, task: { ...job.task, bytes: shared } }));
    }
  }

  private addThread(): Thread {
    const worker = new Worker(this.options.program, { resourceLimits: { maxOldGenerationSizeMb: this.options.heapMb }, stderr: true, stdout: true });
    // An idle pool does not keep the process alive.
    worker.unref();
    const thread: Thread = { worker, job: undefined };
    this.threads.add(thread);
    worker.on('message', (answer: DecoderAnswer) => this.settle(thread, answer));
    worker.on('error', (error) => this.replace(thread, new Fault('pixels-unreadable', `the decoder died: ${error.message}`, {}, { cause: error })));
    worker.on('exit', (code) => this.replace(thread, new Fault('pixels-unreadable', `the decoder ended with code ${code}`)));
    return thread;
  }

  private settle(thread: Thread, answer: DecoderAnswer): void {
    if (thread.job?.id !== answer.id) return;
    const job = this.release(thread)!;
    if ('result' in answer) job.resolve(answer.result);
    else if ('fault' in answer) job.reject(new Fault(answer.fault.code, answer.fault.detail, answer.fault.subject));
    else job.reject(new Fault('pixels-unreadable', answer.error.split('\n')[0]!, {}, { cause: new Error(answer.error) }));
    this.assign();
  }

  /** Ends a thread, fails its file, and lets the next file start another. */
  private replace(thread: Thread, fault: Fault): void {
    if (!this.threads.delete(thread)) return;
    this.release(thread)?.reject(fault);
    void thread.worker.terminate();
    this.assign();
  }

  private release(thread: Thread): Job | undefined {
    const { job } = thread;
    if (job) clearTimeout(job.timer);
    thread.job = undefined;
    thread.worker.unref();
    return job;
  }
}
