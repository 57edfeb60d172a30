import type { Config } from '../config.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import type { DicomWeb } from '../dicomweb/client.js';
import { Fault } from '../errors.js';
import type { Jobs } from '../jobs/jobs.js';
import type { Log } from '../log.js';
import type { OrthancClient, OrthancId } from '../orthanc/client.js';
import type { Store } from '../store/store.js';
import { sweepOnce } from '../tasks/sweep-pacs.js';
import { watchOnce, type PacsChange } from '../tasks/watch-pacs.js';
import { syncOrthancLabels } from '../tasks/sync-orthanc-labels.js';
import { orthancLabelTools } from './orthanc-labels.js';
import { backlogPriority, settleQueue } from './queues.js';

export interface WatchingParts {
  readonly config: Config;
  readonly orthanc: OrthancClient;
  readonly dicomWeb: DicomWeb;
  /** Which PACS the cursor belongs to. */
  readonly pacsName: string;
  readonly store: Store;
  readonly jobs: Jobs;
  /** Names in config/findings.json: what a label of Orthanc's own can say. */
  readonly findings: readonly string[];
  readonly log: Log;
}

/** A PACS that does not answer is not waited for longer. */
const firstLookMs = 5_000;

/**
 * Starts reading the change log every pollIntervalMs, and sweeping at start and every sweepIntervalMs.
 *
 * @returns look now
 */
export async function startWatching({ config: { orthanc: settings }, orthanc, dicomWeb, pacsName, store, jobs, findings, log }: WatchingParts): Promise<() => void> {
  const enqueueStudy = async (pacsStudyId: string, stable: boolean, backlog = false): Promise<void> => {
    await jobs.send(settleQueue, { pacsStudyId }, { key: pacsStudyId, startAfterMs: stable ? 0 : settings.stabilityCheckMs, ...(backlog ? { priority: backlogPriority } : {}) });
  };
  const levels: Readonly<Record<string, PacsChange['level']>> = { Patient: 'patient', Study: 'study', Series: 'series', Instance: 'instance' };
  const watchTools = {
    changeLog: {
      async changes(since: number, limit: number) {
        const { changes, last, done } = await orthanc.changes(since, limit);
        return { changes: changes.map(({ seq, type, resourceType, id }) => ({ seq, type, level: levels[resourceType] ?? 'other', id })), last, done };
      },
      lastChange: () => orthanc.lastChange(),
      async studiesOf(resources: readonly { readonly level: 'series' | 'instance'; readonly id: string }[]) {
        const studies = await orthanc.studiesOf(resources.map(({ level, id }) => ({ level: level === 'series' ? 'Series' : 'Instance', id: id as OrthancId })));
        return studies.map((one) => one.id);
      },
    },
    cursor: {
      read: async () => (await store.cursors.read(pacsName))?.lastSeq,
      move: (lastSeq: number, reset: boolean) => (reset ? store.cursors.reset(pacsName, lastSeq) : store.cursors.advance(pacsName, lastSeq)),
    },
    enqueueStudy,
    analyseArchive: settings.analyseArchive,
    log,
  };
  const sweepTools = {
    searchForStudies: (query: Readonly<Record<string, string>>, page: { readonly limit: number; readonly offset: number }) => dicomWeb.searchForStudies(query, page),
    withoutResult: (uids: readonly string[]) => store.results.withoutResult(uids),
    async enqueueStudy(uid: string) {
      for (const id of await orthanc.findStudies(uid as StudyInstanceUID)) await enqueueStudy(id, false);
    },
    log,
  };
  // What came while the PACS did not answer may lie before a cursor that is set only now: the sweep looks for it.
  const quietly = onceADifference(log, (name) => name === 'watch' && void sweep.runNow());
  const watch = jobs.every(settings.pollIntervalMs, 'watch', (signal) => quietly('watch', async () => void (await watchOnce({ ...watchTools, signal }))));
  const sweep = jobs.every(settings.sweepIntervalMs, 'sweep', () => quietly('sweep', async () => void (await sweepOnce(daysAgo(settings.sweepDays), sweepTools))));
  const labelTools = orthancLabelTools({ orthanc, store, findings, log });
  const labels = jobs.every(settings.sweepIntervalMs, 'orthanc-labels', () => quietly('orthanc-labels', async () => void (await syncOrthancLabels(labelTools))));
  // The first look sets the cursor: what arrives after the service says that it runs is never before it.
  await Promise.race([watch.runNow(), new Promise((resolve) => setTimeout(resolve, firstLookMs).unref())]);
  void sweep.runNow();
  void labels.runNow();
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
