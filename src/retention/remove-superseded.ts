import type { StudyInstanceUID } from '../dicom/uid.js';
import { textOf } from '../dicom/data-set.js';
import { Fault, isOutage } from '../errors.js';
import type { RetentionPorts } from './ports.js';
import { supersededDocuments, type RetentionTimes, type SupersededDocument } from './superseded.js';

const pageSize = 100;
const dayMs = 86_400_000;

export interface RemovalPorts extends Pick<RetentionPorts, 'pacs' | 'patients' | 'store' | 'audit' | 'log'> {
  /** For metrics. */
  readonly onRemoved: (kind: SupersededDocument['kind']) => void;
}

/**
 * Removes superseded documents of this program from the PACS, study by study; each study has an entry in the audit log first. A run that
 * was killed is repeated by the next one. A study that cannot be read does not keep the others from their turn.
 *
 * @returns the number of documents that were removed
 * @throws the signal's reason, and faults of the PACS or the database that concern all studies
 */
export async function removeSuperseded(times: RetentionTimes, ports: RemovalPorts, signal: AbortSignal): Promise<number> {
  const { store, log } = ports;
  const days = Math.min(times.reportsDays ?? Infinity, times.heatMapsDays ?? Infinity);
  if (!Number.isFinite(days)) return 0;
  const before = new Date(times.now.getTime() - days * dayMs);
  let removed = 0;
  for (let after: string | undefined; ; ) {
    const studies = await store.supersededDocuments.studies({ before, after, limit: pageSize });
    for (const study of studies) {
      signal.throwIfAborted();
      try {
        removed += await removeOfStudy(study as StudyInstanceUID, times, ports, signal);
      } catch (error) {
        if (!(error instanceof Fault) || isOutage(error)) throw error;
        log.warn('superseded documents of a study could not be removed', { study, code: error.code });
      }
    }
    after = studies.at(-1);
    if (after === undefined || studies.length < pageSize) break;
  }
  if (removed > 0) log.info('superseded documents were removed from the PACS', { documents: removed });
  return removed;
}

async function removeOfStudy(
  studyInstanceUID: StudyInstanceUID,
  times: RetentionTimes,
  { pacs, patients, store, audit, onRemoved }: RemovalPorts,
  signal: AbortSignal,
): Promise<number> {
  // Of two patients with one UID DICOMweb shows both; a study that was deleted is found by the comparison of the index.
  if ((await patients.findStudies(studyInstanceUID)).length !== 1) return 0;
  const current = await store.results.currentResult(studyInstanceUID);
  if (!current) return 0;
  const instances = await pacs.retrieveStudyMetadata(studyInstanceUID);
  const indexed = new Set<string>(current.documents.map((one) => one.sopInstanceUID));
  const documents = supersededDocuments(studyInstanceUID, instances, indexed, times);
  const present = new Set(instances.map((one) => textOf(one, 'SOPInstanceUID') ?? ''));
  if (documents.length > 0) {
    const sopInstanceUIDs = documents.map((one) => one.reference.sopInstanceUID);
    await audit.recordAction({ actor: 'service', action: 'document.remove', subject: { studyInstanceUID, sopInstanceUIDs } }, async () => {
      for (const { kind, reference } of documents) {
        signal.throwIfAborted();
        await pacs.content?.removeDocuments([reference]);
        present.delete(reference.sopInstanceUID);
        onRemoved(kind);
      }
    });
  }
  await store.supersededDocuments.retain(studyInstanceUID, [...present]);
  return documents.length;
}
