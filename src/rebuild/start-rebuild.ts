import { acceptedSystems } from '../assessments/accepted-systems.js';
import { acceptsDocumentsOf } from '../assessments/accepted-documents.js';
import { orthancLabelPorts } from '../assessments/orthanc-labels.js';
import { queueAssessmentIndex } from '../assessments/start-assessments.js';
import { syncOrthancLabels } from '../assessments/sync-orthanc-labels.js';
import type { Config } from '../config.js';
import type { DataSet } from '../dicom/data-set.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import type { DicomWeb } from '../dicomweb/client.js';
import type { Jobs } from '../jobs/jobs.js';
import type { Log } from '../log.js';
import type { OrthancClient } from '../orthanc/client.js';
import { marksBefore } from '../reporting/change-log.js';
import { compareIndex } from '../reporting/compare-index.js';
import { changeLogOf } from '../reporting/orthanc-change-log.js';
import { pacsOf } from '../reporting/orthanc-pacs.js';
import { orthancStudies } from '../reporting/orthanc-studies.js';
import { algorithmParametersOf, ownDocumentsIn } from '../reporting/own-documents.js';
import { fileNames } from '../reporting/pacs-content.js';
import { imagesIn } from '../reporting/choose-images.js';
import { triageOf } from '../reporting/triage-of.js';
import type { Pacs, PacsStudies, ReportSettings, StudyQueue } from '../reporting/ports.js';
import { studyQueueOf } from '../reporting/queues.js';
import { inputKeysNow } from '../reporting/report-context.js';
import { contentKeyOf, sameContent } from '../reporting/study-intake.js';
import { studySearch } from '../reporting/study-search.js';
import { removePicturesOfStudies } from '../retraining/training-pictures.js';
import type { NewTriage } from '../store/place-in-worklist.js';
import type { Store } from '../store/store.js';
import { limitOf } from '../triage/reading-order.js';
import { rebuildIndex, type RebuildCounts, type RebuiltIndex } from './rebuild-index.js';
import type { ResultInPacs } from './results-in-pacs.js';

export interface RebuildParts {
  readonly config: Config;
  readonly orthanc: OrthancClient;
  readonly dicomWeb: DicomWeb;
  /** Under this name the index stores the cursor of the change log. */
  readonly pacsName: string;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly settings: Pick<ReportSettings, 'routing' | 'maxImages' | 'findingNameOf'>;
  /** Names in config/findings.json. */
  readonly findings: readonly string[];
  readonly log: Log;
}

export interface Rebuilt extends RebuildCounts {
  /** Whether Orthanc itself carries labels. */
  readonly orthancLabels: boolean;
  /** Number of the change up to which nothing has to be read. */
  readonly cursor: number;
}

/**
 * Recreates the index from the PACS alone: results, assessments and labels from documents, labels of Orthanc itself, and the cursor
 * of the change log. Then the index is compared with the PACS, which removes what the PACS does not contain. Only the index is
 * written to. The cursor is the change number before the first read, so nothing that arrives meanwhile is missed.
 */
export async function rebuild(parts: RebuildParts, onProgress?: (studies: number) => void): Promise<Rebuilt> {
  const { config, orthanc, dicomWeb, pacsName, store, jobs, settings, findings, log } = parts;
  const pacs = pacsOf(dicomWeb, orthanc);
  const queue = studyQueueOf(jobs);
  const cursor = await orthanc.lastChange();
  const index = await rebuiltIndex(parts, pacs, queue);
  const counts = await rebuildIndex(pacs, studySearch({ dicomWeb, orthanc }), index, settings.findingNameOf, log, onProgress);
  const orthancLabels = await syncOrthancLabels(orthancLabelPorts({ orthanc, store, findings, log }));
  await store.cursors.reset(pacsName, cursor, await marksBefore(cursor, changeLogOf(orthanc)));
  const events = {
    onStudyChanged: async (uid: string) => {
      await store.studyChanges.record(uid);
      await removePicturesOfStudies(config, [uid]);
    },
    onOtherDocuments: (uid: string) => queueAssessmentIndex(uid, jobs),
  };
  const comparison = compareIndex(orthancStudies(orthanc), store, queue, events, log);
  while (!(await comparison.next())) log.debug('comparing the index with the PACS');
  return { ...counts, orthancLabels, cursor };
}

async function rebuiltIndex({ config, orthanc, store, settings, log }: RebuildParts, pacs: Pacs, queue: StudyQueue): Promise<RebuiltIndex> {
  const accepts = acceptsDocumentsOf(await acceptedSystems(config, store, log), orthanc);
  return {
    async indexResult(inPacs, metadata) {
      const { code, reason, rule, predecessorResultId, retryable: _unknown, statistics: _none, otherFindings = [], ...result } = inPacs;
      return store.results.restoreResult({
        ...result,
        otherFindings,
        triage: triageAfterRebuild(inPacs, metadata, config, settings),
        ...(code === undefined ? {} : { code }),
        ...(reason === undefined ? {} : { reason }),
        ...(rule === undefined ? {} : { rule }),
        ...(predecessorResultId === undefined ? {} : { predecessorResultId }),
        documents: result.documents.map(({ sopInstanceUID, seriesInstanceUID, kind }) => ({ sopInstanceUID, seriesInstanceUID, kind })),
      });
    },
    indexAssessment: async (assessment) => (await accepts(assessment.sopInstanceUID)) && store.assessments.record(assessment),
    pruneAssessments: (study, uids) => store.assessments.prune(study, uids),
    storeStudy: (study, metadata) => storeStudy(study, metadata, orthanc, orthancStudies(orthanc), store, settings, pacs, queue),
  };
}

/**
 * Nobody knows which studies were read before the index was lost, except those with an assessment: a study whose result is older than the
 * limit of the wait does not wait again.
 */
function triageAfterRebuild(
  { findings, priority, rule: ruleName, createdAt }: ResultInPacs,
  metadata: readonly DataSet[],
  { triage, findings: { off } }: Config,
  { routing }: Pick<ReportSettings, 'routing'>,
): NewTriage | undefined {
  const now = new Date();
  const rule = routing.rules.find(({ name }) => name === ruleName);
  const study = { findings, priority, rule, instances: imagesIn(metadata), arrival: {} };
  const computed = triageOf(study, { triage, findingsOff: off }, now);
  return computed && { ...computed, isRecent: computed.isRecent && createdAt > limitOf(now, triage.maxWaitMinutes) };
}

/** A study whose result is about other images than those that the PACS contains now is queued for the service. */
async function storeStudy(
  studyInstanceUID: StudyInstanceUID,
  metadata: readonly DataSet[],
  orthanc: OrthancClient,
  studies: Pick<PacsStudies, 'arrivalOf'>,
  store: Pick<Store, 'studies' | 'results' | 'requests'>,
  settings: RebuildParts['settings'],
  pacs: Pick<Pacs, 'content'>,
  queue: Pick<StudyQueue, 'intake'>,
): Promise<void> {
  const [id, ...others] = await orthanc.findStudies(studyInstanceUID);
  if (id === undefined || others.length > 0) return;
  const [{ lastUpdate }, series, files] = await Promise.all([orthanc.study(id), orthanc.seriesOf(id), orthanc.instancesOf(id)]);
  const arrival = await studies.arrivalOf(series);
  const { callingAeTitle, calledAeTitle } = arrival;
  const known = await store.studies.find(studyInstanceUID);
  if (!known)
    await store.studies.seen({
      studyInstanceUID,
      orthancId: id,
      at: lastUpdate ?? new Date(),
      ...(callingAeTitle ? { remoteAet: callingAeTitle } : {}),
      ...(calledAeTitle ? { calledAet: calledAeTitle } : {}),
    });
  const current = await store.results.currentResult(studyInstanceUID);
  const requested = ownDocumentsIn(metadata).current.find(({ report }) => algorithmParametersOf(report.algorithm).isRequested);
  if (requested) await store.requests.restore(studyInstanceUID, requested.report.createdAt ?? new Date());
  const keys = await inputKeysNow({ studyInstanceUID, arrival, isRequested: requested !== undefined }, metadata, settings, pacs);
  const isUpToDate = current !== undefined && keys.includes(current.inputKey);
  const contentKey = contentKeyOf({ series, fileOf: fileNames(files) });
  if (isUpToDate && !sameContent(known?.contentKey, contentKey)) await store.studies.setDone(studyInstanceUID, contentKey);
  if (!isUpToDate) await queue.intake({ pacsStudyId: id });
}
