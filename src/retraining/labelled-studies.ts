import type { DataSet } from '../dicom/data-set.js';
import type { SeriesInstanceUID, SOPInstanceUID, StudyInstanceUID } from '../dicom/uid.js';

/** The PACS, to read labelled studies. */
export interface LabelledStudies {
  retrieveStudyMetadata(study: StudyInstanceUID): Promise<readonly DataSet[]>;
  /** Part 10 bytes in the stored transfer syntax. */
  retrieveInstance(study: StudyInstanceUID, series: SeriesInstanceUID, instance: SOPInstanceUID): Promise<Uint8Array>;
  /** Digests of the stored files by SOP Instance UID; absent where the PACS does not offer them. */
  readonly content?: { digestsOf(study: StudyInstanceUID, instances: readonly string[]): Promise<ReadonlyMap<string, string>> } | undefined;
}
