import type { Config } from '../config.js';
import type { Jobs } from '../jobs/jobs.js';
import type { Log } from '../log.js';
import type { Store } from '../store/store.js';
import { removePictures } from '../retraining/training-pictures.js';

export interface ForgetParts {
  readonly config: Pick<Config, 'dataDir'>;
  readonly store: Pick<Store, 'studies'>;
  readonly jobs: Pick<Jobs, 'failedJobs' | 'retryFailedJob'>;
  readonly log: Log;
}

/**
 * A study that the PACS does not hold any more leaves the worklist, the labels and the training pictures of this data folder;
 * failed jobs about it run once more and find nothing to do. May be repeated.
 */
export async function forgetStudy(studyInstanceUID: string, { config, store, jobs, log }: ForgetParts): Promise<void> {
  const known = await store.studies.forget(studyInstanceUID);
  await removePictures(config, studyInstanceUID);
  for (const { id, payload, failure } of await jobs.failedJobs({ limit: 1_000 })) {
    const about = (payload as { readonly studyInstanceUID?: unknown }).studyInstanceUID ?? failure.subject.studyInstanceUID;
    if (about === studyInstanceUID) await jobs.retryFailedJob(id);
  }
  if (known) log.info('a study is gone from the PACS: its results and labels were removed from the index', { study: studyInstanceUID });
}
