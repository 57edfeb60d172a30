import type { CodedConcept } from '../dicom/code.js';
import type { DataSet } from '../dicom/data-set.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import { Fault, isOutage } from '../errors.js';
import type { Log } from '../log.js';
import { everyStudy, type SearchForStudies } from './every-study.js';
import { indexedAssessment, type IndexedAssessment } from '../assessments/indexed-assessment.js';
import { resultsIn, type ResultInPacs } from './results-in-pacs.js';
import type { Pacs } from './ports.js';
import { assessmentsIn } from '../assessments/assessments-in-pacs.js';

export interface RebuildPorts {
  readonly pacs: Pick<Pacs, 'retrieveStudyMetadata'>;
  readonly searchForStudies: SearchForStudies;
  /** Number of the newest change of the PACS. */
  lastChange(): Promise<number>;
  /** By config/findings.json. */
  findingNameOf(concept: CodedConcept): string | undefined;
  readonly index: {
    /** @returns false if it was there */
    indexResult(result: ResultInPacs): Promise<boolean>;
    /** @returns false if it was there */
    indexAssessment(assessment: IndexedAssessment): Promise<boolean>;
    /** Takes away the assessments of a study that the PACS no longer holds. */
    pruneAssessments(study: StudyInstanceUID, sopInstanceUIDs: readonly string[]): Promise<number>;
    /** Where the study stands: settled, if its current result is about the images that the PACS holds now. */
    storeStudy(study: StudyInstanceUID, instances: readonly DataSet[]): Promise<void>;
    moveCursor(lastSeq: number): Promise<void>;
  };
  /** Labels that Orthanc itself carries. @returns false if it has none */
  syncLabels(): Promise<boolean>;
  onProgress?(studies: number): void;
  readonly log: Log;
}

export interface Rebuilt {
  readonly studies: number;
  /** Rows that the index did not have. */
  readonly results: number;
  readonly assessments: number;
  /** Assessments of the index that the PACS no longer holds. */
  readonly gone: number;
  /** Studies that could not be read: by fault code. */
  readonly unreadable: readonly { readonly studyInstanceUID: string; readonly code: string }[];
  readonly orthancLabels: boolean;
  readonly cursor: number;
}

/**
 * The index once more, from the PACS alone: results, assessments and labels from the documents of every study that holds one, the
 * cursor from the change log. Only the index is written to; a second run finds nothing to do.
 *
 * What never had a document (a study that no rule takes) is not in the PACS, and comes back when the service looks at the
 * studies of the last days. The cursor is the change number before the first look, so nothing that arrives meanwhile is missed.
 *
 * @throws Fault if the PACS or the index does not answer; the run can be repeated
 */
export async function rebuildIndex(tools: RebuildPorts): Promise<Rebuilt> {
  const cursor = await tools.lastChange();
  const counts = { studies: 0, results: 0, assessments: 0, gone: 0 };
  const unreadable: Rebuilt['unreadable'][number][] = [];
  for await (const uids of everyStudy((query, page) => tools.searchForStudies(query, page), {}, ['SR'])) {
    for (const uid of uids) {
      try {
        await rebuildStudy(uid as StudyInstanceUID, tools, counts);
      } catch (error) {
        if (!(error instanceof Fault) || isOutage(error)) throw error;
        unreadable.push({ studyInstanceUID: uid, code: error.code });
        tools.log.warn('a study could not be read', { study: uid, code: error.code });
      }
      tools.onProgress?.(++counts.studies);
    }
  }
  const orthancLabels = await tools.syncLabels();
  await tools.index.moveCursor(cursor);
  return { ...counts, unreadable, orthancLabels, cursor };
}

async function rebuildStudy(
  uid: StudyInstanceUID,
  { pacs, index, findingNameOf }: RebuildPorts,
  counts: { results: number; assessments: number; gone: number },
): Promise<void> {
  const instances = await pacs.retrieveStudyMetadata(uid);
  const results = resultsIn(uid, instances, findingNameOf);
  for (const result of results) if (await index.indexResult(result)) counts.results++;
  const assessments = assessmentsIn(instances)
    .map(({ reference, assessment }) => indexedAssessment(reference, assessment, findingNameOf))
    .filter((one) => one !== undefined);
  for (const assessment of assessments) if (await index.indexAssessment(assessment)) counts.assessments++;
  counts.gone += await index.pruneAssessments(
    uid,
    assessments.map((one) => one.sopInstanceUID),
  );
  if (results.length > 0) await index.storeStudy(uid, instances);
}
