import { acceptsDocumentsOf } from './accepted-documents.js';
import type { Config } from '../config.js';
import type { DataSet } from '../dicom/data-set.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import type { Jobs } from '../jobs/jobs.js';
import type { Log } from '../log.js';
import type { OrthancId } from '../orthanc/client.js';
import type { Store } from '../store/store.js';
import { rebuildIndex, type Rebuilt, type RebuildTools } from '../tasks/rebuild-index.js';
import { inputKeyNow } from '../tasks/report-study.js';
import { contentKeyOf } from '../tasks/settle-study.js';
import { syncOrthancLabels } from '../tasks/sync-orthanc-labels.js';
import type { ReportTools } from '../tasks/tools.js';
import { orthancLabelTools } from './orthanc-labels.js';
import { pacsName, pacsOf, type PacsAccess } from './pacs.js';
import { settleQueue } from './queues.js';

export interface RebuildParts {
  readonly config: Config;
  readonly pacs: PacsAccess;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly settings: Pick<ReportTools['settings'], 'routing' | 'maxImages' | 'findingNameOf'>;
  /** Names in config/findings.json. */
  readonly findings: readonly string[];
  readonly log: Log;
}

/** Runs the story of rebuild-index.ts on the running parts. */
export function rebuild(parts: RebuildParts, onProgress?: (studies: number) => void): Promise<Rebuilt> {
  const { config, pacs, store, settings, log } = parts;
  const accepts = acceptsDocumentsOf(config, pacs.orthanc);
  const tools: RebuildTools = {
    pacs: pacsOf(pacs.dicomWeb),
    searchForStudies: (query, page) => pacs.dicomWeb.searchForStudies(query, page),
    lastChange: () => pacs.orthanc.lastChange(),
    findingNameOf: settings.findingNameOf,
    index: {
      async keepResult({ code, reason, rule, predecessorResultId, ...result }) {
        return store.results.recordResult({
          ...result,
          ...(code === undefined ? {} : { code }),
          ...(reason === undefined ? {} : { reason }),
          ...(rule === undefined ? {} : { rule }),
          ...(predecessorResultId === undefined ? {} : { predecessorResultId }),
          documents: result.documents.map(({ sopInstanceUID, seriesInstanceUID, kind }) => ({ sopInstanceUID, seriesInstanceUID, kind })),
        });
      },
      keepVerdict: async (verdict) => (await accepts(verdict.sopInstanceUID)) && store.verdicts.record(verdict),
      keepOnlyVerdicts: (study, uids) => store.verdicts.keepOnly(study, uids),
      keepStudy: (study, instances) => keepStudy(study, instances, parts),
      moveCursor: (lastSeq) => store.cursors.reset(pacsName(config, pacs), lastSeq),
    },
    syncLabels: () => syncOrthancLabels(orthancLabelTools({ orthanc: pacs.orthanc, store, findings: parts.findings, log })),
    ...(onProgress ? { onProgress } : {}),
    log,
  };
  return rebuildIndex(tools);
}

/** A study whose result is about other images than those that are there now is looked at by the service. */
async function keepStudy(studyInstanceUID: StudyInstanceUID, instances: readonly DataSet[], { pacs: { orthanc }, store, jobs, settings }: RebuildParts): Promise<void> {
  const [id, ...twins] = await orthanc.findStudies(studyInstanceUID);
  if (id === undefined || twins.length > 0) return;
  const [{ lastUpdate }, series] = await Promise.all([orthanc.study(id), orthanc.seriesOf(id)]);
  const first = series.flatMap((one) => one.instanceIds).at(0);
  const { remoteAet, calledAet } = first === undefined ? { remoteAet: undefined, calledAet: undefined } : await orthanc.arrivalOf(first as OrthancId);
  const known = await store.studies.find(studyInstanceUID);
  if (!known) await store.studies.seen({ studyInstanceUID, orthancId: id, at: lastUpdate ?? new Date(), ...(remoteAet ? { remoteAet } : {}), ...(calledAet ? { calledAet } : {}) });
  const current = await store.results.currentResult(studyInstanceUID);
  const upToDate = current?.inputKey === inputKeyNow(instances, { callingAeTitle: remoteAet, calledAeTitle: calledAet }, settings);
  const contentKey = contentKeyOf({ series });
  if (upToDate && known?.contentKey !== contentKey) await store.studies.settled(studyInstanceUID, contentKey);
  if (!upToDate) await jobs.send(settleQueue, { pacsStudyId: id }, { key: id });
}
