import { acceptsDocumentsOf } from '../assessments/accepted-documents.js';
import type { Config } from '../config.js';
import type { DataSet } from '../dicom/data-set.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import type { Jobs } from '../jobs/jobs.js';
import type { Log } from '../log.js';
import type { Store } from '../store/store.js';
import { rebuildIndex, type Rebuilt, type RebuildPorts } from './rebuild-index.js';
import { inputKeysNow } from './report-study.js';
import { marksBefore } from './change-log.js';
import { contentKeyOf, sameContent } from './study-intake.js';
import { syncOrthancLabels } from '../assessments/sync-orthanc-labels.js';
import type { ReportPorts } from './ports.js';
import { arrivalOfSeries } from './arrival-of.js';
import { changeLogOf } from './orthanc-change-log.js';
import { comparingOf } from './start-comparing.js';
import { orthancLabelPorts } from '../assessments/orthanc-labels.js';
import { pacsName, pacsOf, type PacsAccess } from '../service/open-pacs.js';
import { fileNames } from './pacs-content.js';
import { intakeQueue } from './queues.js';
import { studySearch } from './study-search.js';

export interface RebuildParts {
  readonly config: Config;
  readonly pacs: PacsAccess;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly settings: Pick<ReportPorts['settings'], 'routing' | 'maxImages' | 'findingNameOf'>;
  /** Names in config/findings.json. */
  readonly findings: readonly string[];
  readonly log: Log;
}

/** Runs the story of rebuild-index.ts on the running parts. */
export async function rebuild(parts: RebuildParts, onProgress?: (studies: number) => void): Promise<Rebuilt> {
  const { config, pacs, store, jobs, settings, log } = parts;
  const accepts = acceptsDocumentsOf(config, pacs.orthanc);
  const tools: RebuildPorts = {
    pacs: pacsOf(pacs.dicomWeb, pacs.orthanc),
    searchForStudies: studySearch(pacs),
    lastChange: () => pacs.orthanc.lastChange(),
    findingNameOf: settings.findingNameOf,
    index: {
      async indexResult({ code, reason, rule, predecessorResultId, retryable: _unknown, ...result }) {
        return store.results.restoreResult({
          ...result,
          ...(code === undefined ? {} : { code }),
          ...(reason === undefined ? {} : { reason }),
          ...(rule === undefined ? {} : { rule }),
          ...(predecessorResultId === undefined ? {} : { predecessorResultId }),
          documents: result.documents.map(({ sopInstanceUID, seriesInstanceUID, kind }) => ({ sopInstanceUID, seriesInstanceUID, kind })),
        });
      },
      indexAssessment: async (assessment) => (await accepts(assessment.sopInstanceUID)) && store.assessments.record(assessment),
      pruneAssessments: (study, uids) => store.assessments.prune(study, uids),
      storeStudy: (study, instances) => storeStudy(study, instances, parts),
      moveCursor: async (lastSeq) =>
        store.cursors.reset(pacsName(config, pacs), lastSeq, await marksBefore(lastSeq, changeLogOf(pacs.orthanc))),
    },
    syncLabels: () => syncOrthancLabels(orthancLabelPorts({ orthanc: pacs.orthanc, store, findings: parts.findings, log })),
    ...(onProgress ? { onProgress } : {}),
    log,
  };
  const rebuilt = await rebuildIndex(tools);
  // What the index has and the PACS has not: studies that are gone, documents that are missing.
  const comparing = comparingOf({ config, orthanc: pacs.orthanc, store, jobs, log });
  while (!(await comparing.next())) log.debug('comparing the index with the PACS');
  return rebuilt;
}

/** A study whose result is about other images than those that are there now is looked at by the service. */
async function storeStudy(
  studyInstanceUID: StudyInstanceUID,
  instances: readonly DataSet[],
  { pacs, store, jobs, settings }: RebuildParts,
): Promise<void> {
  const { orthanc, dicomWeb } = pacs;
  const [id, ...twins] = await orthanc.findStudies(studyInstanceUID);
  if (id === undefined || twins.length > 0) return;
  const [{ lastUpdate }, series, files] = await Promise.all([orthanc.study(id), orthanc.seriesOf(id), orthanc.instancesOf(id)]);
  const arrival = await arrivalOfSeries(series, orthanc);
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
  const upToDate =
    current !== undefined &&
    (await inputKeysNow(studyInstanceUID, instances, arrival, settings, pacsOf(dicomWeb, orthanc))).includes(current.inputKey);
  const contentKey = contentKeyOf({ series, fileOf: fileNames(files) });
  if (upToDate && !sameContent(known?.contentKey, contentKey)) await store.studies.setDone(studyInstanceUID, contentKey);
  if (!upToDate) await jobs.send(intakeQueue, { pacsStudyId: id }, { key: id });
}
