import type { AuditLog } from '../../audit/audit-log.js';
import { modelLinesOf, type Config } from '../../config.js';
import type { Jobs } from '../../jobs/jobs.js';
import type { Log } from '../../log.js';
import type { OrthancId } from '../../orthanc/client.js';
import { pacsOf } from '../../reporting/orthanc-pacs.js';
import { loadFindings } from '../../findings-config.js';
import { labelNames } from '../../result-labels/label-names.js';
import { labelsOfOrthanc } from '../../result-labels/labels-of-orthanc.js';
import { removeOwnLabels } from '../../result-labels/remove-own-labels.js';
import type { PacsPatients, RetentionPorts } from '../../retention/ports.js';
import { retrainingMemoryOf } from '../../retraining/retraining-memory.js';
import type { Store } from '../../store/store.js';
import { registryOfStore } from '../open-registry.js';
import { reportPatientsOf } from './report-ports.js';
import type { PacsAccess } from '../open-pacs.js';

export interface RetentionParts {
  readonly config: Config;
  readonly pacs: Pick<PacsAccess, 'orthanc' | 'dicomWeb'>;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly audit: AuditLog;
  readonly log: Log;
}

/** The ports of retention on the running parts, for the service and for the command. */
export function retentionPortsOf({ config, pacs: { orthanc, dicomWeb }, store, jobs, audit, log }: RetentionParts): RetentionPorts {
  const { dataDir } = config;
  const patients: PacsPatients = {
    findPatients: (patientId) => orthanc.findPatients(patientId),
    studiesOf: (resources) => orthanc.studiesOf(resources.map(({ level, id }) => ({ level, id: id as OrthancId }))),
    findStudies: (study) => orthanc.findStudies(study as Parameters<typeof orthanc.findStudies>[0]),
  };
  return {
    dataDir,
    pacs: pacsOf(dicomWeb, orthanc),
    patients,
    store,
    jobs,
    // Also while they are switched off: they may have been on before.
    removeResultLabels: (pacsStudyId) =>
      removeOwnLabels(pacsStudyId, labelsOfOrthanc(orthanc), labelNames(config.resultLabels, findingNames(config))),
    reportPatient: reportPatientsOf(config.radiologyReports, store),
    lines: modelLinesOf(config).map(({ name }) => ({
      name,
      registry: registryOfStore(config, store, name),
      memory: retrainingMemoryOf({ dataDir, line: name }, { kind: store.kind, retraining: store.ofLine(name).retraining }),
    })),
    audit,
    log,
  };
}

function findingNames({ findingsFile }: Pick<Config, 'findingsFile'>): readonly string[] {
  return Object.keys(loadFindings(findingsFile).findings);
}
