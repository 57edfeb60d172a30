import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { Fault, type FaultCode } from '../errors.js';
import type { PictureTask } from './training-picture.js';

export interface PictureRequest {
  readonly id: number;
  readonly task: PictureTask;
}

export type PictureAnalysis =
  | { readonly id: number; readonly values: Float32Array }
  | { readonly id: number; readonly fault: { readonly code: FaultCode; readonly detail: string; readonly source: string } };

interface Waiting {
  readonly resolve: (values: Float32Array) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Threads that read and augment pictures beside the training engine. What a picture looks like depends on its task alone, never on
 * which thread made it or how many there are.
 */
export class PictureWorkers {
  private readonly threads: readonly Worker[];
  private readonly waiting = new Map<number, Waiting>();
  private serial = 0;
  private ended: Fault | undefined;

  /** @param workers one less than the machine's cores, at least one, if not given */
  constructor(workers: number = Math.max(1, availableParallelism() - 1)) {
    this.threads = Array.from({ length: Math.max(1, workers) }, () => {
      const thread = new Worker(new URL('./picture-worker.js', import.meta.url), { name: 'pictures', execArgv: [] });
      thread.unref();
      thread.on('message', (reply: PictureAnalysis) => this.onReply(reply));
      thread.on('error', (error) => this.end(new Fault('engine-failed', `a picture thread ended: ${error.message}`)));
      thread.on('exit', () => this.end(new Fault('engine-failed', 'a picture thread ended')));
      return thread;
    });
  }

  /** @returns `channels * height * width` values as the network takes them. @throws Fault image-unreadable; engine-failed if the threads have ended */
  picture(task: PictureTask): Promise<Float32Array> {
    if (this.ended) return Promise.reject(this.ended);
    return new Promise((resolve, reject) => {
      const id = this.serial++;
      this.waiting.set(id, { resolve, reject });
      const thread = this.threads[id % this.threads.length]!;
      // a batch that is waited for keeps the process alive, idle threads do not
      if (this.waiting.size === 1) this.threads.forEach((one) => one.ref());
      thread.postMessage({ id, task } satisfies PictureRequest);
    });
  }

  async close(): Promise<void> {
    this.end(new Fault('engine-failed', 'the picture threads were stopped'));
    await Promise.all(this.threads.map((thread) => thread.terminate()));
  }

  private onReply(reply: PictureAnalysis): void {
    const entry = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if (this.waiting.size === 0) this.threads.forEach((one) => one.unref());
    if ('values' in reply) entry?.resolve(reply.values);
    else entry?.reject(new Fault(reply.fault.code, reply.fault.detail, { source: reply.fault.source }));
  }

  private end(fault: Fault): void {
    this.ended ??= fault;
    for (const { reject } of this.waiting.values()) reject(this.ended);
    this.waiting.clear();
  }
}
