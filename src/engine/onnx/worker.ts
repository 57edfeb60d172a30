import { parentPort, workerData } from 'node:worker_threads';
import { inferenceModel } from './inference-model.js';
import { openSession, type BlockingSession } from './inference-session.js';
import type { Answer, Replies, Request } from './protocol.js';
import { enter, leave, type RunFlag } from './run-flag.js';
import { openTrainingSession } from './open-training-session.js';
import type { TrainingSession } from './training-session.js';

/**
 * The engine's own thread. onnxruntime-node's `run` is asynchronous in name only (it computes inside a
 * setImmediate), so in the main thread a ResNet-34 image would stop HTTP, polling and timers for 40 ms or more.
 *
 * Requests are worked off strictly one after the other: two networks at once would share the same cores.
 */
const port = parentPort!;
const { flag } = workerData as { readonly flag: RunFlag };
const sessions = new Map<number, BlockingSession>();
const trainers = new Map<number, TrainingSession>();
let last: Promise<void> = Promise.resolve();

port.on('message', (message: { readonly id: number; readonly request: Request } | 'end') => {
  if (message === 'end') {
    last = last.then(() => port.close());
    return;
  }
  const { id, request } = message;
  last = last.then(() => guarded(request)).then(
    (value) => post({ id, value }),
    (error: unknown) => post({ id, error: error instanceof Error ? error.message : String(error) }),
  );
});

function post(message: Answer): void {
  port.postMessage(message);
}

async function guarded(request: Request): Promise<Replies[keyof Replies]> {
  try {
    if (!enter(flag)) throw new Error('the engine is being stopped');
    return await answer(request);
  } finally {
    leave(flag);
  }
}

async function answer(request: Request): Promise<Replies[keyof Replies]> {
  switch (request.kind) {
    case 'load':
      sessions.set(request.session, await openSession(inferenceModel(request.network), request.settings));
      return undefined;
    case 'predict':
      return known(sessions, request.session).predict(request.input);
    case 'start-trainer':
      trainers.set(request.session, await openTrainingSession(request.options, request.settings));
      return undefined;
    case 'step':
      return known(trainers, request.session).step(request.batch, request.rates);
    case 'state':
      return known(trainers, request.session).state();
    case 'release':
      await (sessions.get(request.session) ?? trainers.get(request.session))?.release();
      sessions.delete(request.session);
      trainers.delete(request.session);
      return undefined;
  }
}

function known<Session>(from: ReadonlyMap<number, Session>, session: number): Session {
  const found = from.get(session);
  if (!found) throw new Error('the network was released');
  return found;
}
