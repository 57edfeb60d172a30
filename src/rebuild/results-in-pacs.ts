import type { CodedConcept } from '../dicom/code.js';
import type { DataSet } from '../dicom/data-set.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import { findingsIn } from '../reporting/findings-in-report.js';
import {
  algorithmParametersOf,
  deviceUIDsIn,
  isSameHeatMap,
  isSameResult,
  modelKeyIn,
  ownDocumentsIn,
  type OwnDocument,
  type OwnDocuments,
} from '../reporting/own-documents.js';
import type { ResultDocument, StudyResult } from '../reporting/ports.js';
import { uidsOfReport } from '../reporting/uids-of-report.js';

/** A result as its documents in the PACS state it; a document states no timings and no destinations. */
export type ResultInPacs = Omit<StudyResult, 'timings' | 'destinations'> & {
  /** Of the result that this one replaced. */
  readonly predecessorResultId: string | undefined;
};

/**
 * Every result of a study of which the PACS contains documents, superseded ones too, oldest first. Probabilities are those of the
 * documents: in % with one decimal, or as many as are needed to stay on their side of the thresholds.
 *
 * @param instances metadata of the whole study
 */
export function resultsInPacs(
  studyInstanceUID: StudyInstanceUID,
  instances: readonly DataSet[],
  findingNameOf: (concept: CodedConcept) => string | undefined,
): readonly ResultInPacs[] {
  const own = ownDocumentsIn(instances);
  const texts = own.all.filter((one) => one.kind === 'text');
  const ids = new Map<string, string>(texts.map((one) => [one.reference.sopInstanceUID, uidsOfReport(studyInstanceUID, one).resultId]));
  return texts
    .map((text): ResultInPacs => {
      const { report } = text;
      const { inputKey = '', engine = '', rule, priority = 0 } = algorithmParametersOf(report.algorithm);
      const predecessor = report.predecessors.map((one) => ids.get(one.sopInstanceUID)).find((id) => id !== undefined);
      const { outcome } = report;
      return {
        resultId: uidsOfReport(studyInstanceUID, text).resultId,
        studyInstanceUID,
        createdAt: report.createdAt ?? new Date(0),
        outcome: outcome.kind,
        code: outcome.kind === 'reported' ? undefined : outcome.code,
        reason: outcome.kind === 'reported' ? undefined : outcome.reason,
        rule,
        priority,
        modelVersion: report.algorithm.serialNumber,
        engine,
        inputKey,
        ...findingsIn(report, findingNameOf),
        documents: documentsOf(text, own, inputKey),
        predecessorResultId: predecessor,
      };
    })
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
}

/** In the order in which viewers list them: measurements, text, heat maps. */
function documentsOf(text: OwnDocument, own: OwnDocuments, inputKey: string): readonly ResultDocument[] {
  const modelKey = modelKeyIn(text.report);
  if (text.report.outcome.kind !== 'reported') return [{ ...text.reference, kind: 'text' }];
  const uids = uidsOfReport(text.reference.studyInstanceUID, text);
  const measurements = own.all.filter(
    (one) =>
      one.kind === 'measurement' && isSameResult(one, inputKey, modelKey) && one.reference.sopInstanceUID === uids.measurement.instance,
  );
  const heatMaps = own.heatMaps.filter(
    (one) => isSameHeatMap(one, inputKey, deviceUIDsIn(text.report)) && one.reference.seriesInstanceUID === uids.heatMap.series,
  );
  return [
    ...measurements.map((one) => ({ ...one.reference, kind: 'measurement' as const })),
    { ...text.reference, kind: 'text' as const },
    ...heatMaps.map((one) => ({ ...one.reference, kind: 'heat-map' as const })),
  ];
}
