import { itemsOf, numberOf, textOf, type DataSet } from '../dicom/data-set.js';
import type { SeriesInstanceUID, SOPClassUID, SOPInstanceUID, StudyInstanceUID } from '../dicom/uid.js';
import { childrenOf, valueTypeOf } from './content-tree.js';

/** A document that another one names: as its predecessor (Predecessor Documents Sequence, PS3.3 C.17.2) or its evidence. */
export interface DocumentReference {
  readonly studyInstanceUID: StudyInstanceUID;
  readonly seriesInstanceUID: SeriesInstanceUID;
  readonly sopClassUID: SOPClassUID;
  readonly sopInstanceUID: SOPInstanceUID;
}

/** An image that a result rests on. */
export interface ImageReference extends DocumentReference {
  /** 1-based; only for multi-frame images. */
  readonly frameNumber?: number;
}

/** Where a finding shows: a box on one image, in pixels of that image as stored (column, row; PS3.3 C.18.6). */
export interface FindingRegion {
  readonly image: ImageReference;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * Hierarchical SOP Instance Reference Macro (PS3.3 C.17.2.1): study → series → instance, in order of first mention,
 * each instance once.
 */
export function hierarchicalReferences(references: readonly DocumentReference[]): readonly DataSet[] {
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

/** References of a Hierarchical SOP Instance Reference Macro (PS3.3 C.17.2.1). */
export function readHierarchical(dataSet: DataSet, keyword: string): readonly DocumentReference[] {
  return itemsOf(dataSet, keyword).flatMap((study) =>
    itemsOf(study, 'ReferencedSeriesSequence').flatMap((series) =>
      itemsOf(series, 'ReferencedSOPSequence').map((sop) => ({
        studyInstanceUID: (textOf(study, 'StudyInstanceUID') ?? '') as StudyInstanceUID,
        seriesInstanceUID: (textOf(series, 'SeriesInstanceUID') ?? '') as SeriesInstanceUID,
        sopClassUID: (textOf(sop, 'ReferencedSOPClassUID') ?? '') as SOPClassUID,
        sopInstanceUID: (textOf(sop, 'ReferencedSOPInstanceUID') ?? '') as SOPInstanceUID,
      })),
    ),
  );
}

/** The image that an IMAGE item names; study and series come from the evidence, which has to list it. */
export function readImage(item: DataSet, evidence: readonly DocumentReference[]): ImageReference | undefined {
  const sop = itemsOf(item, 'ReferencedSOPSequence')[0];
  const known = sop && evidence.find((one) => one.sopInstanceUID === textOf(sop, 'ReferencedSOPInstanceUID'));
  if (!known) return undefined;
  const frameNumber = numberOf(sop, 'ReferencedFrameNumber');
  return frameNumber === undefined ? known : { ...known, frameNumber };
}

/** Images of the IMAGE items directly below an item. */
export function imagesBelow(item: DataSet, evidence: readonly DocumentReference[]): readonly ImageReference[] {
  return childrenOf(item)
    .filter((child) => valueTypeOf(child) === 'IMAGE')
    .map((child) => readImage(child, evidence))
    .filter((one) => one !== undefined);
}

/** The box around a SCOORD's points, on the image that it was selected from. */
export function readRegion(scoord: DataSet, evidence: readonly DocumentReference[]): FindingRegion | undefined {
  const image = imagesBelow(scoord, evidence)[0];
  const data = scoord['GraphicData'];
  const points = (Array.isArray(data) ? data : []).map(Number);
  if (!image || points.length < 2 || !points.every(Number.isFinite)) return undefined;
  const columns = points.filter((_, index) => index % 2 === 0);
  const rows = points.filter((_, index) => index % 2 === 1);
  return { image, left: Math.min(...columns), top: Math.min(...rows), right: Math.max(...columns), bottom: Math.max(...rows) };
}

function groupBy(
  references: readonly DocumentReference[],
  key: (one: DocumentReference) => string,
): ReadonlyMap<string, readonly DocumentReference[]> {
  const groups = new Map<string, DocumentReference[]>();
  for (const one of references) groups.set(key(one), [...(groups.get(key(one)) ?? []), one]);
  return groups;
}
