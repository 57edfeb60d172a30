import type { FailedJob } from '../../jobs/queue.js';
import type { Store } from '../../store/store.js';
import type { ShownFailedJob } from '../page-types.js';

interface NamedSubjects {
  readonly studyInstanceUID?: string;
  readonly resultId?: string;
  readonly messageId?: string;
  readonly destination?: Readonly<Record<string, string>>;
}

/** Failed jobs with the study and the destination or channel that each is about. */
export function shownFailedJobs(
  jobs: readonly FailedJob[],
  store: Pick<Store, 'results' | 'messages'>,
): Promise<readonly ShownFailedJob[]> {
  return Promise.all(
    jobs.map(async ({ id, queue, payload, failure, failedAt }) => {
      const subjects = (payload ?? {}) as NamedSubjects;
      const message = subjects.messageId === undefined ? undefined : await store.messages.find(subjects.messageId);
      const study =
        subjects.studyInstanceUID ??
        failure.subject.studyInstanceUID ??
        message?.studyInstanceUID ??
        (subjects.resultId === undefined ? undefined : (await store.results.find(subjects.resultId))?.studyInstanceUID);
      const receiver = message?.channel ?? Object.values(subjects.destination ?? {})[0];
      return {
        id,
        queue,
        code: failure.code,
        detail: failure.detail,
        failedAt: failedAt.toISOString(),
        ...(study === undefined ? {} : { studyInstanceUID: study }),
        ...(receiver === undefined ? {} : { receiver }),
      };
    }),
  );
}
