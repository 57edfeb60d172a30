import { defineQueue } from '../jobs/queue.js';
import type { Jobs } from '../jobs/jobs.js';
import type { Delivery, IntakeJob, ReportJob, StudyQueue } from './ports.js';
import { destinationName } from '../routing/rules.js';

/**
 * Studies of the archive, and of a change log that is far behind, come after those that arrive now: a patient is waiting for these.
 * Lower than every priority that a routing rule can give.
 */
export const backlogPriority = -1_000_000;

/** A study of the PACS received something; key: the PACS's id of the study. */
export const intakeQueue = defineQueue<IntakeJob>('study-intake', { formerNames: ['settle-study'] });

/** A study is complete and is to be reported; key: the PACS's id of the study. */
export const reportQueue = defineQueue<ReportJob>('study-report', { formerNames: ['report-study'] });

/** Documents are to be sent to a destination; key: result and destination. */
export const deliverQueue = defineQueue<Delivery>('report-delivery', { formerNames: ['deliver-result'] });

/** The story's queues on durable jobs. */
export function studyQueueOf(jobs: Pick<Jobs, 'send' | 'statesOf' | 'failedJobs' | 'retryFailedJob'>): StudyQueue {
  return {
    intake: async (job, { startAfterMs = 0, isBacklog = false } = {}) =>
      void (await jobs.send(intakeQueue, job, { key: job.pacsStudyId, startAfterMs, ...(isBacklog ? { priority: backlogPriority } : {}) })),
    report: async (job, priority, isBacklog) =>
      void (await jobs.send(reportQueue, job, { key: job.pacsStudyId, priority: isBacklog ? backlogPriority + priority : priority })),
    deliver: async (delivery) =>
      void (await jobs.send(deliverQueue, delivery, { key: `${delivery.resultId}/${destinationName(delivery.destination)}` })),
    isPending: async (pacsStudyId) => (await jobs.statesOf([intakeQueue, reportQueue], [pacsStudyId])).get(pacsStudyId) === 'pending',
    async failedJobs(queue) {
      const failed = await jobs.failedJobs({ limit: 1_000, ...(queue ? { queue } : {}) });
      return failed.map(({ id, payload, failure }) => ({
        id,
        code: failure.code,
        pacsStudyId: (payload as { readonly pacsStudyId?: string }).pacsStudyId,
        studyInstanceUID: (payload as { readonly studyInstanceUID?: string }).studyInstanceUID ?? failure.subject.studyInstanceUID,
      }));
    },
    retryFailedJob: (id) => jobs.retryFailedJob(id),
  };
}
