import type { FaultCode } from '../errors.js';
import type { ComputeReply } from './compute-process.js';
import { withImagesRead } from './memory-file.js';

/**
 * The program of a ComputeProcess: computes requests strictly one after the other, because two networks at once would share the same
 * cores, and ends with the service.
 *
 * @param before finished before the first request is computed
 * @param codeOf of an error, where it is another fault than 'engine-failed'
 */
export function answerRequests<Request>(
  answer: (request: Request) => Promise<unknown>,
  before: Promise<void> = Promise.resolve(),
  codeOf: (error: unknown) => FaultCode | undefined = () => undefined,
): void {
  let last = before;
  process.on('message', ({ id, request }: { readonly id: number; readonly request: Request }) => {
    last = last
      .then(() => answer(withImagesRead(request)))
      .then(
        (value) => postToParent({ id, value }),
        (error: unknown) => {
          const code = codeOf(error);
          postToParent({ id, error: reasonOf(error), ...(code ? { code } : {}) });
        },
      );
  });
  // the service has ended
  process.on('disconnect', () => process.exit(0));
  // These go to the whole group (Ctrl-C, systemd): the service decides when the engine ends, since a study in progress needs it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function postToParent(message: ComputeReply | object): void {
  process.send?.(message);
}
