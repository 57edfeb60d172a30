import type { Destination } from '../routing/rules.js';
import { defineQueue } from '../jobs/queue.js';

/**
 * Studies of the archive, and of a change log that has run ahead, come after those that arrive now: a patient is waiting for these.
 * Below every priority that a routing rule can give.
 */
export const backlogPriority = -1_000_000;

/** A study of the PACS got something new; key: the PACS's id of the study. */
export const intakeQueue = defineQueue<{ readonly pacsStudyId: string }>('study-intake', { formerNames: ['settle-study'] });

/** A study has stopped growing and is to be reported; key: the PACS's id of the study. */
export const reportQueue = defineQueue<{
  readonly pacsStudyId: string;
  readonly studyInstanceUID: string;
  readonly callingAeTitle?: string;
  readonly calledAeTitle?: string;
  readonly contentKey: string;
}>('study-report', { formerNames: ['report-study'] });

/** Retraining on the labels of the readers; one key for all. */
export const retrainQueue = defineQueue<{ readonly by: string }>('retraining', { formerNames: ['retrain-model'] });

/** Recent studies are compared with those that the model was trained on; one key for all. */
export const driftQueue = defineQueue<Record<string, never>>('drift-check', { formerNames: ['check-drift'] });

/** Documents of others in a study may hold assessments; key: Study Instance UID. */
export const assessmentQueue = defineQueue<{ readonly studyInstanceUID: string }>('assessment-index', {
  formerNames: ['index-verdicts', 'index-assessments'],
});

/** Documents are to be sent on; key: result and destination. */
export const deliverQueue = defineQueue<{
  readonly resultId: string;
  readonly destination: Destination;
  readonly sopInstanceUIDs: readonly string[];
}>('report-delivery', { formerNames: ['deliver-result'] });

/** A challenger predicts a reported study in shadow; key: study and challenger. */
export const shadowQueue = defineQueue<{
  readonly studyInstanceUID: string;
  readonly challenger: string;
  readonly callingAeTitle?: string;
  readonly calledAeTitle?: string;
}>('shadow-prediction', { formerNames: ['shadow-study'] });
