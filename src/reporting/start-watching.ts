import type { Config } from '../config.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import type { DicomWeb } from '../dicomweb/client.js';
import { Fault } from '../errors.js';
import type { Jobs } from '../jobs/jobs.js';
import type { Log } from '../log.js';
import type { OrthancClient } from '../orthanc/client.js';
import type { Store } from '../store/store.js';
import { sweepOnce } from './sweep-pacs.js';
import type { LogPosition } from './change-log.js';
import { watchOnce } from './read-change-log.js';
import { changeLogOf } from './orthanc-change-log.js';
import { comparingOf } from './start-comparing.js';
import { backlogPriority, intakeQueue } from './queues.js';
import { studySearch } from './study-search.js';

export interface WatchingParts {
  readonly config: Config;
  readonly orthanc: OrthancClient;
  readonly dicomWeb: DicomWeb;
  /** Which PACS the cursor belongs to. */
  readonly pacsName: string;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly log: Log;
}

/** A PACS that does not answer is not waited for longer. */
const firstLookMs = 5_000;

/** Looks at the change log for each look for deletions. */
const comparedEvery = 5;

/**
 * Starts reading the change log every pollIntervalMs, looking for deletions among the newest studies at every fifth of these
 * times, and sweeping (the days for studies without a result, the index for studies that are gone) at start and every
 * sweepIntervalMs.
 *
 * @returns look now
 */
export async function startWatching({ config, orthanc, dicomWeb, pacsName, store, jobs, log }: WatchingParts): Promise<() => void> {
  const settings = config.orthanc;
  const enqueueStudy = async (pacsStudyId: string, stable: boolean, backlog = false): Promise<void> => {
    await jobs.send(
      intakeQueue,
      { pacsStudyId },
      { key: pacsStudyId, startAfterMs: stable ? 0 : settings.stabilityCheckMs, ...(backlog ? { priority: backlogPriority } : {}) },
    );
  };
  const changeLogPorts = {
    changeLog: changeLogOf(orthanc),
    cursor: {
      read: () => store.cursors.read(pacsName),
      move: ({ lastSeq, marks }: LogPosition, reset: boolean) =>
        reset ? store.cursors.reset(pacsName, lastSeq, marks) : store.cursors.advance(pacsName, lastSeq, marks),
    },
    enqueueStudy,
    analyseArchive: settings.analyseArchive,
    log,
  };
  const sweepPorts = {
    searchForStudies: studySearch({ dicomWeb, orthanc }),
    withoutResult: (uids: readonly string[]) => store.results.withoutResult(uids),
    async enqueueStudy(uid: string) {
      for (const id of await orthanc.findStudies(uid as StudyInstanceUID)) await enqueueStudy(id, false);
    },
    log,
  };
  // What came while the PACS did not answer may lie before a cursor that is set only now: the sweep looks for it.
  const quietly = onceADifference(log, (name) => name === 'watch' && void sweep.runNow());
  const watch = jobs.every(settings.pollIntervalMs, 'watch', (signal) =>
    quietly('watch', async () => void (await watchOnce({ ...changeLogPorts, signal }))),
  );
  const sweep = jobs.every(settings.sweepIntervalMs, 'sweep', () =>
    quietly('sweep', async () => void (await sweepOnce(daysAgo(settings.sweepDays), sweepPorts))),
  );
  const comparing = comparingOf({ config, orthanc, store, jobs, log });
  jobs.every(settings.pollIntervalMs * comparedEvery, 'compare', () => quietly('compare', () => comparing.newest()));
  const compareAll = jobs.every(settings.sweepIntervalMs, 'compare all', () =>
    quietly('compare all', async () => void (await comparing.next())),
  );
  // The first look sets the cursor: what arrives after the service says that it runs is never before it.
  await Promise.race([watch.runNow(), new Promise((resolve) => setTimeout(resolve, firstLookMs).unref())]);
  void sweep.runNow();
  void compareAll.runNow();
  return () => void watch.runNow();
}

/** A PACS that does not answer is said once, and once that it answers again; not every second. */
function onceADifference(log: Log, onRecovery: (name: string) => void): (name: string, work: () => Promise<void>) => Promise<void> {
  const failing = new Map<string, string>();
  return async (name, work) => {
    try {
      await work();
      if (!failing.delete(name)) return;
      log.info('works again', { name });
      onRecovery(name);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (failing.get(name) === error.code) return;
      failing.set(name, error.code);
      log.warn('cannot look at the PACS; trying on', { name, code: error.code, detail: error.detail });
    }
  };
}

function daysAgo(days: number): Date {
  return new Date(Date.now() - days * 86_400_000);
}
