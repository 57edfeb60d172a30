import { textOf, type DataSet } from '../dicom/data-set.js';
import type { OwnDocument } from './own-documents.js';
import type { ReportContext } from './report-context.js';

/**
 * Why an earlier result no longer applies, if its images are the reason or the study was analysed again: one sentence for the
 * document that replaces it.
 *
 * @param isSameInput whether the earlier result rests on the same bytes
 */
export function reasonForReplacement(
  { own, instances, considered, study }: Pick<ReportContext, 'own' | 'instances' | 'considered' | 'study'>,
  isSameInput: (document: OwnDocument) => boolean,
): readonly string[] {
  if (study.reanalysisWith !== undefined) return [`The study was analysed again with model version ${study.reanalysisWith}.`];
  const earlier = own.current;
  const present = uidsOf(instances);
  const nowConsidered = uidsOf(considered);
  const texts = earlier.filter((one) => one.kind === 'text' && one.report.evidence.length > 0);
  // Orthanc keeps the references of a document that it moves.
  const isMoved = texts.some(({ report }) => report.evidence.every((one) => one.studyInstanceUID !== study.studyInstanceUID));
  if (isMoved) return ['A report of another study was moved into this study.'];
  const missing = texts.some(({ report }) => report.evidence.some((one) => !present.has(one.sopInstanceUID)));
  if (missing) return ['The earlier result rests on an image that is no longer in this study.'];
  const replaced = texts.some(
    (one) =>
      !isSameInput(one) &&
      one.report.evidence.length === nowConsidered.size &&
      one.report.evidence.every(({ sopInstanceUID }) => nowConsidered.has(sopInstanceUID)),
  );
  return replaced ? ['The earlier result rests on an image that was replaced by another under the same identifier.'] : [];
}

function uidsOf(instances: readonly DataSet[]): ReadonlySet<string> {
  return new Set(instances.map((one) => textOf(one, 'SOPInstanceUID') ?? ''));
}
