import { parentPort } from 'node:worker_threads';
import { inferenceModel } from './inference-model.js';
import { openSession, type BlockingSession } from './inference-session.js';
import type { Answer, Request } from './protocol.js';

/**
 * The engine's own thread. onnxruntime-node's `run` is asynchronous in name only (it computes inside a
 * setImmediate), so in the main thread a ResNet-34 image would stop HTTP, polling and timers for 40 ms or more.
 *
 * Requests are worked off strictly one after the other: two networks at once would share the same cores.
 */
const port = parentPort!;
const sessions = new Map<number, BlockingSession>();
let last: Promise<void> = Promise.resolve();

port.on('message', ({ id, request }: { readonly id: number; readonly request: Request }) => {
  last = last.then(() => answer(request)).then(
    (value) => post({ id, value }),
    (error: unknown) => post({ id, error: error instanceof Error ? error.message : String(error) }),
  );
});

function post(message: Answer): void {
  port.postMessage(message);
}

async function answer(request: Request): Promise<Extract<Answer, { value: unknown }>['value']> {
  switch (request.kind) {
    case 'load':
      sessions.set(request.session, await openSession(inferenceModel(request.network), request.settings));
      return undefined;
    case 'predict':
      return sessions.get(request.session)!.predict(request.input);
    case 'release':
      await sessions.get(request.session)?.release();
      sessions.delete(request.session);
      return undefined;
  }
}
