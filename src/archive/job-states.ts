import type { Jobs } from '../jobs/jobs.js';
import type { Queue } from '../jobs/queue.js';

/** How far the jobs of each study are, in the order of the studies: `failed` if none is pending and one has failed; undefined if there is none. */
export async function jobStates(
  jobs: Pick<Jobs, 'statesOf'>,
  queues: readonly Pick<Queue<object>, 'name'>[],
  studies: readonly { readonly jobKeys: readonly string[] }[],
): Promise<readonly ('pending' | 'failed' | undefined)[]> {
  const states = await jobs.statesOf(
    queues,
    studies.flatMap((one) => one.jobKeys),
  );
  return studies.map(({ jobKeys }) => {
    const found = jobKeys.map((key) => states.get(key));
    return found.includes('pending') ? 'pending' : found.find((state) => state !== undefined);
  });
}
