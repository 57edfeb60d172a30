import type { Config } from '../config.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import type { Jobs } from '../jobs/jobs.js';
import type { Log } from '../log.js';
import type { OrthancClient, OrthancId } from '../orthanc/client.js';
import type { KnownStudyRow } from '../store/known-studies.js';
import type { Store } from '../store/store.js';
import { compareStudies, type CompareTools, type KnownStudy } from './compare-studies.js';
import type { PacsSeries } from './study-intake.js';
import { forgetStudy } from './forget-study.js';
import { intakeQueue, assessmentQueue } from './queues.js';

export interface ComparingParts {
  readonly config: Config;
  readonly orthanc: OrthancClient;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly log: Log;
}

/** Studies of one question to Orthanc. */
const pageSize = 200;
/** Of a large index so many pages at a time; the next time goes on after them. */
const pagesAtOnce = 100;
const maxAmbiguous = 50;

/** Holds the index against the PACS: what was deleted there is in no change log. */
export interface Comparing {
  /** The studies that got something last: one question. */
  newest(): Promise<void>;
  /** The next part of the whole index. @returns whether its end was reached */
  next(): Promise<boolean>;
}

export function comparingOf(parts: ComparingParts): Comparing {
  const { orthanc, store, jobs, log } = parts;
  const tools: CompareTools = {
    async seriesOfStudies(ids) {
      const held = new Map<string, PacsSeries[]>();
      for (const one of await orthanc.seriesOfStudies(ids as readonly OrthancId[]))
        held.set(one.studyId, [...(held.get(one.studyId) ?? []), one]);
      return held;
    },
    findStudies: (uid) => orthanc.findStudies(uid as StudyInstanceUID),
    enqueueStudy: async (pacsStudyId) => void (await jobs.send(intakeQueue, { pacsStudyId }, { key: pacsStudyId })),
    enqueueVerdicts: async (studyInstanceUID) => void (await jobs.send(assessmentQueue, { studyInstanceUID }, { key: studyInstanceUID })),
    forget: (studyInstanceUID) => forgetStudy(studyInstanceUID, parts),
    log,
  };
  const compare = (rows: readonly KnownStudyRow[]): Promise<unknown> =>
    compareStudies(
      rows.map(({ orthancId, ...one }) => ({ ...one, pacsStudyId: orthancId })),
      tools,
    );
  async function compareVerdicts(): Promise<void> {
    const known: KnownStudy[] = [];
    for (const { studyInstanceUID, assessmentSeries } of await store.knownStudies.withAssessmentsOnly()) {
      const [id = ''] = await tools.findStudies(studyInstanceUID);
      if (id === '') await tools.forget(studyInstanceUID);
      else known.push({ studyInstanceUID, pacsStudyId: id, documentSeries: [], assessmentSeries });
    }
    for (let from = 0; from < known.length; from += pageSize) await compareStudies(known.slice(from, from + pageSize), tools);
  }
  let after: string | undefined;
  return {
    async newest() {
      await compare(await store.knownStudies.newest(pageSize));
      await retryUnambiguous(parts, tools);
    },
    async next() {
      for (let page = 0; page < pagesAtOnce; page++) {
        const rows = await store.knownStudies.page({ after, limit: pageSize });
        await compare(rows);
        after = rows.length < pageSize ? undefined : rows.at(-1)!.studyInstanceUID;
        if (after === undefined) {
          await compareVerdicts();
          return true;
        }
      }
      return false;
    },
  };
}

/** Studies that stood twice in the PACS and now stand there once, or not at all: whatever their Study Date. */
async function retryUnambiguous({ jobs }: ComparingParts, tools: CompareTools): Promise<void> {
  const parked = await jobs.failedJobs({ queue: intakeQueue.name, limit: 1_000 });
  for (const { id, failure } of parked.filter((one) => one.failure.code === 'study-ambiguous').slice(0, maxAmbiguous)) {
    const { studyInstanceUID } = failure.subject;
    const held = studyInstanceUID === undefined ? [] : await tools.findStudies(studyInstanceUID);
    if (held.length > 1) continue;
    await jobs.retryFailedJob(id);
    // The job may be about the one that was deleted.
    for (const pacsStudyId of held) await tools.enqueueStudy(pacsStudyId);
  }
}
