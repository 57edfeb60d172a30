import type { Destination } from '../routing/rules.js';
import { defineQueue } from '../jobs/queue.js';

/**
 * Studies of the archive, and of a change log that has run ahead, come after those that arrive now: a patient is waiting for these.
 * Below every priority that a routing rule can give.
 */
export const backlogPriority = -1_000_000;

/** A study of the PACS got something new; key: the PACS's id of the study. */
export const intakeQueue = defineQueue<{ readonly pacsStudyId: string }>('settle-study');

/** A study has stopped growing and is to be reported; key: the PACS's id of the study. */
export const reportQueue = defineQueue<{
  readonly pacsStudyId: string;
  readonly studyInstanceUID: string;
  readonly callingAeTitle?: string;
  readonly calledAeTitle?: string;
  readonly contentKey: string;
}>('report-study');

/** Documents of others in a study may hold assessments; key: Study Instance UID. */
export const assessmentQueue = defineQueue<{ readonly studyInstanceUID: string }>('index-assessments');

/** Documents are to be sent on; key: result and destination. */
export const deliverQueue = defineQueue<{
  readonly resultId: string;
  readonly destination: Destination;
  readonly sopInstanceUIDs: readonly string[];
}>('deliver-result');
