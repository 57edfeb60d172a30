import type { DataSet } from '../dicom/data-set.js';

interface Reference {
  readonly studyInstanceUID: string;
  readonly seriesInstanceUID: string;
  readonly sopClassUID: string;
  readonly sopInstanceUID: string;
}

/**
 * Hierarchical SOP Instance Reference Macro (PS3.3 C.17.2.1): study → series → instance, in order of first mention,
 * each instance once.
 */
export function hierarchicalReferences(references: readonly Reference[]): readonly DataSet[] {
  return [...groupBy(references, (one) => one.studyInstanceUID)].map(([study, inStudy]) => ({
    ReferencedSeriesSequence: [...groupBy(inStudy, (one) => one.seriesInstanceUID)].map(([series, inSeries]) => ({
      SeriesInstanceUID: series,
      ReferencedSOPSequence: [...groupBy(inSeries, (one) => one.sopInstanceUID)].map(([instance, [one]]) => ({
        ReferencedSOPClassUID: one!.sopClassUID,
        ReferencedSOPInstanceUID: instance,
      })),
    })),
    StudyInstanceUID: study,
  }));
}

function groupBy(references: readonly Reference[], key: (one: Reference) => string): ReadonlyMap<string, readonly Reference[]> {
  const groups = new Map<string, Reference[]>();
  for (const one of references) groups.set(key(one), [...(groups.get(key(one)) ?? []), one]);
  return groups;
}
