import type { FaultCode } from '../errors.js';
import type { ComputeAnswer } from './compute-process.js';

/**
 * The other side of a ComputeProcess: works requests off strictly one after the other, because two networks at once would share
 * the same cores, and ends with the process that asks.
 *
 * @param before what has to be done before the first request
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
      .then(() => answer(request))
      .then(
        (value) => post({ id, value }),
        (error: unknown) => {
          const code = codeOf(error);
          post({ id, error: reasonOf(error), ...(code ? { code } : {}) });
        },
      );
  });
  // nobody asks any more
  process.on('disconnect', () => process.exit(0));
  // These go to the whole group (Ctrl-C, systemd): the service decides when the engine ends, since a study in progress needs it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function post(message: ComputeAnswer | object): void {
  process.send?.(message);
}
