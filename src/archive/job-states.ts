import type { Jobs } from '../jobs/jobs.js';
import type { Queue } from '../jobs/queue.js';
import type { QueuedState, QueuedStudy } from './ports.js';

/** How far the jobs of each study are, in the order of the studies: `failed` if none is pending and one has failed; undefined if there is none. */
async function jobStates(
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

/** What became of each queued study. @param stateOf of a study without jobs */
export async function statesOfStudies(
  queued: readonly QueuedStudy[],
  queues: readonly Pick<Queue<object>, 'name'>[],
  jobs: Pick<Jobs, 'statesOf'>,
  stateOf: (study: QueuedStudy) => Promise<QueuedState>,
): Promise<readonly QueuedState[]> {
  const states = await jobStates(jobs, queues, queued);
  const found: QueuedState[] = [];
  for (const [place, study] of queued.entries()) {
    const state = states[place];
    found.push(state === undefined ? await stateOf(study) : { state });
  }
  return found;
}
