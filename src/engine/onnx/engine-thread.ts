import { Worker } from 'node:worker_threads';
import { Fault } from '../../errors.js';
import type { Answer, Reply, Request } from './protocol.js';
import { createRunFlag, forbidRuns, waitForRun } from './run-flag.js';

/** The engine's thread as the main thread sees it. */
export interface EngineThread {
  /** @throws Fault 'engine-failed' with what onnxruntime said, or if the thread ended meanwhile */
  ask<R extends Request>(request: R, transfer?: readonly ArrayBuffer[]): Promise<Reply<R>>;
  /** Ends the thread once the request it is at is answered; those waiting are refused. */
  stop(): Promise<void>;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Fault) => void;
}

export function startEngineThread(): EngineThread {
  const flag = createRunFlag();
  const worker = new Worker(new URL('./worker.js', import.meta.url), { name: 'onnxruntime', workerData: { flag }, execArgv: [] });
  const waiting = new Map<number, Waiting>();
  let serial = 0;
  let ended: string | undefined;

  const atExit = (): void => {
    forbidRuns(flag);
    waitForRun(flag);
  };
  process.on('exit', atExit);
  // an idle engine must not keep the process alive, one that is computing must
  worker.unref();
  const settle = (id: number): Waiting | undefined => {
    const entry = waiting.get(id);
    waiting.delete(id);
    if (waiting.size === 0 && ended === undefined) worker.unref();
    return entry;
  };
  const end = (reason: string): void => {
    ended ??= reason;
    for (const id of [...waiting.keys()]) settle(id)?.reject(new Fault('engine-failed', `the engine's thread ended: ${ended}`));
  };
  worker.on('message', (answer: Answer) => {
    if ('error' in answer) settle(answer.id)?.reject(new Fault('engine-failed', answer.error));
    else settle(answer.id)?.resolve(answer.value);
  });
  worker.on('error', (error) => end(error.message));
  const exited = new Promise<void>((resolve) => {
    worker.on('exit', (code) => {
      process.off('exit', atExit);
      end(`exit code ${code}`);
      resolve();
    });
  });

  return {
    ask: <R extends Request>(request: R, transfer: readonly ArrayBuffer[] = []) =>
      new Promise<Reply<R>>((resolve, reject) => {
        if (ended !== undefined) return reject(new Fault('engine-failed', `the engine's thread ended: ${ended}`));
        const id = serial++;
        // the worker answers a request with what Replies says of its kind
        waiting.set(id, { resolve: (value) => resolve(value as Reply<R>), reject });
        worker.ref();
        worker.postMessage({ id, request }, transfer);
      }),
    stop: async () => {
      ended ??= 'stopped';
      forbidRuns(flag);
      worker.ref();
      worker.postMessage('end');
      await exited;
    },
  };
}
