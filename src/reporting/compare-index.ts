import { isUsableUid } from '../dicom/uid.js';
import type { Log } from '../log.js';
import type { KnownStudyRow } from '../store/known-studies.js';
import type { Store } from '../store/store.js';
import { compareStudies, type CompareActions, type KnownStudy } from './compare-studies.js';
import type { PacsStudies, StudyEvents, StudyQueue } from './ports.js';
import { intakeQueue } from './queues.js';
import { removeStudy } from './remove-study.js';

/** Studies in one request to Orthanc. */
const pageSize = 200;
/** Pages of a large index at a time; the next call continues behind them. */
const maxPages = 100;
const maxAmbiguous = 50;

/** Compares the whole index with the PACS, because no change log reports what was deleted there. */
export interface IndexComparison {
  /** The studies that received something last: one request. */
  newest(): Promise<void>;
  /** The next part of the whole index. @returns whether its end was reached */
  next(): Promise<boolean>;
}

export function compareIndex(
  studies: PacsStudies,
  index: Pick<Store, 'studies' | 'knownStudies'>,
  queue: StudyQueue,
  events: Pick<StudyEvents, 'onStudyChanged' | 'onOtherDocuments'>,
  log: Log,
): IndexComparison {
  const actions: CompareActions = { queue, events, remove: (uid) => removeStudy(uid, index, queue, events, log) };
  const compareRows = (rows: readonly KnownStudyRow[]): Promise<unknown> =>
    compareStudies(
      rows.map(({ orthancId, assessmentSeries, ...one }) => ({ ...one, pacsStudyId: orthancId, assessmentSeries: assessmentSeries })),
      studies,
      actions,
      log,
    );

  /** Studies that were never reported here and that have readers' assessments. */
  async function compareAssessedOnly(): Promise<void> {
    const known: KnownStudy[] = [];
    for (const { studyInstanceUID, assessmentSeries } of await index.knownStudies.withAssessmentsOnly()) {
      // What a sender wrote in place of a UID names no study; it must not end the comparison of the others.
      if (!isUsableUid(studyInstanceUID)) continue;
      const [pacsStudyId] = await studies.findStudies(studyInstanceUID);
      if (pacsStudyId === undefined) await actions.remove(studyInstanceUID);
      else known.push({ studyInstanceUID, pacsStudyId, documentSeries: [], assessmentSeries: assessmentSeries });
    }
    for (let from = 0; from < known.length; from += pageSize)
      await compareStudies(known.slice(from, from + pageSize), studies, actions, log);
  }

  /** Studies of silent trials that have no result: nothing is analysed, but what was stored of a deleted study is removed. */
  async function compareTrialsOnly(): Promise<void> {
    for (let last: string | undefined; ; ) {
      const rows = await index.knownStudies.ofTrialsOnly({ after: last, limit: pageSize });
      const found = rows.length === 0 ? undefined : await studies.seriesOfStudies(rows.map(({ orthancId }) => orthancId));
      for (const { studyInstanceUID, orthancId } of rows)
        if (!found?.has(orthancId) && (await studies.findStudies(studyInstanceUID)).length === 0) await actions.remove(studyInstanceUID);
      if (rows.length < pageSize) return;
      last = rows.at(-1)!.studyInstanceUID;
    }
  }

  /** Studies of which the PACS contained two, and now contains one or none: whatever their Study Date. */
  async function retryUnambiguous(): Promise<void> {
    const ambiguous = (await queue.failedJobs(intakeQueue.name)).filter((one) => one.code === 'study-ambiguous');
    for (const { id, studyInstanceUID } of ambiguous.slice(0, maxAmbiguous)) {
      const found = studyInstanceUID === undefined || !isUsableUid(studyInstanceUID) ? [] : await studies.findStudies(studyInstanceUID);
      if (found.length > 1) continue;
      await queue.retryFailedJob(id);
      // The failed job may be about the study that was deleted.
      for (const pacsStudyId of found) await queue.intake({ pacsStudyId });
    }
  }

  let after: string | undefined;
  return {
    async newest() {
      await compareRows(await index.knownStudies.newest(pageSize));
      await retryUnambiguous();
    },
    async next() {
      for (let page = 0; page < maxPages; page++) {
        const rows = await index.knownStudies.page({ after, limit: pageSize });
        await compareRows(rows);
        after = rows.length < pageSize ? undefined : rows.at(-1)!.studyInstanceUID;
        if (after === undefined) {
          await compareAssessedOnly();
          await compareTrialsOnly();
          return true;
        }
      }
      return false;
    },
  };
}
