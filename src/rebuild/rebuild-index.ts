import type { CodedConcept } from '../dicom/code.js';
import type { DataSet } from '../dicom/data-set.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import { Fault, isOutage } from '../errors.js';
import type { Log } from '../log.js';
import { indexedAssessment, type IndexedAssessment } from '../assessments/indexed-assessment.js';
import { readAssessments } from '../assessments/assessments-in-pacs.js';
import { everyStudy, type SearchForStudies } from '../reporting/every-study.js';
import type { Pacs } from '../reporting/ports.js';
import { resultsInPacs, type ResultInPacs } from './results-in-pacs.js';

/** What rebuilding writes to. */
export interface RebuiltIndex {
  /** @returns false if the index has it already */
  indexResult(result: ResultInPacs, metadata: readonly DataSet[]): Promise<boolean>;
  /** @returns false if the index has it already */
  indexAssessment(assessment: IndexedAssessment): Promise<boolean>;
  /** Removes the assessments of a study that the PACS no longer contains. @returns how many */
  pruneAssessments(study: StudyInstanceUID, sopInstanceUIDs: readonly string[]): Promise<number>;
  /** Stores the state of a study: done, if its current result is about the images that the PACS contains now. */
  storeStudy(study: StudyInstanceUID, metadata: readonly DataSet[]): Promise<void>;
}

/** How many rows the index did not have, and what could not be read. */
export interface RebuildCounts {
  readonly studies: number;
  readonly results: number;
  readonly assessments: number;
  /** Assessments of the index that the PACS no longer contains. */
  readonly gone: number;
  /** Studies that could not be read: by fault code. */
  readonly unreadable: readonly { readonly studyInstanceUID: string; readonly code: string }[];
}

/**
 * Recreates results, assessments and labels in the index from the documents of every study that contains one. A second run finds
 * nothing to do. A study without a document (one that no rule takes) is not found here: it comes back when the service sweeps the
 * studies of the last days.
 *
 * @param findingNameOf by config/findings.json
 * @param onProgress called with the number of studies that were read
 * @throws Fault if the PACS or the index does not answer; the run can be repeated
 */
export async function rebuildIndex(
  pacs: Pick<Pacs, 'retrieveStudyMetadata'>,
  searchForStudies: SearchForStudies,
  index: RebuiltIndex,
  findingNameOf: (concept: CodedConcept) => string | undefined,
  log: Log,
  onProgress: (studies: number) => void = () => undefined,
): Promise<RebuildCounts> {
  const counts = { studies: 0, results: 0, assessments: 0, gone: 0 };
  const unreadable: RebuildCounts['unreadable'][number][] = [];
  for await (const uids of everyStudy(searchForStudies, {}, ['SR'])) {
    for (const uid of uids) {
      try {
        const metadata = await pacs.retrieveStudyMetadata(uid as StudyInstanceUID);
        await rebuildStudy(uid as StudyInstanceUID, metadata, index, findingNameOf, counts);
      } catch (error) {
        if (!(error instanceof Fault) || isOutage(error)) throw error;
        unreadable.push({ studyInstanceUID: uid, code: error.code });
        log.warn('a study could not be read', { study: uid, code: error.code });
      }
      onProgress(++counts.studies);
    }
  }
  return { ...counts, unreadable };
}

async function rebuildStudy(
  uid: StudyInstanceUID,
  metadata: readonly DataSet[],
  index: RebuiltIndex,
  findingNameOf: (concept: CodedConcept) => string | undefined,
  counts: { results: number; assessments: number; gone: number },
): Promise<void> {
  const results = resultsInPacs(uid, metadata, findingNameOf);
  for (const result of results) if (await index.indexResult(result, metadata)) counts.results++;
  const assessments = readAssessments(metadata)
    .map(({ reference, assessment }) => indexedAssessment(reference, assessment, findingNameOf))
    .filter((one) => one !== undefined);
  for (const assessment of assessments) if (await index.indexAssessment(assessment)) counts.assessments++;
  counts.gone += await index.pruneAssessments(
    uid,
    assessments.map((one) => one.sopInstanceUID),
  );
  if (results.length > 0) await index.storeStudy(uid, metadata);
}
