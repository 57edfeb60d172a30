import { numberOf, numbersOf, textOf, type DataSet } from '../../dicom/data-set.js';
import type { StudyInstanceUID } from '../../dicom/uid.js';
import { Fault } from '../../errors.js';
import { plainText } from '../../lib/plain-text.js';
import { frameDataSet } from '../../pixels/functional-groups.js';
import { isOwnDocument } from '../../sr/own-document.js';
import type { ImageStack, ShownFrame, ImagesOfStudy } from '../page-types.js';
import type { PagePacs } from './study-in-pacs.js';

/** More frames of a study are not listed: OHIF is there for them. */
const maxFrames = 5_000;
/** Longer than any of these attributes may be (PS3.5 §6.2: LO 64). */
const maxLineLength = 256;
/** Radiographs: each image is looked at by itself, whatever series it is in. */
const projections: ReadonlySet<string> = new Set(['CR', 'DX', 'RG', 'PX', 'MG', 'OT', 'SC', 'XC']);

/** The images of a study as stacks, out of its metadata. @throws Fault pacs-not-found and the other faults of the PACS */
export async function imagesInPacs(study: StudyInstanceUID, { dicomWeb }: Pick<PagePacs, 'dicomWeb'>): Promise<ImagesOfStudy> {
  const instances = await dicomWeb.retrieveStudyMetadata(study);
  if (instances.length === 0) throw new Fault('pacs-not-found', 'the study has no instance', { studyInstanceUID: study });
  const images = instances.filter((one) => !isOwnDocument(one) && (numberOf(one, 'Rows') ?? 0) > 0);
  const stacks: ImageStack[] = [];
  let free = maxFrames;
  for (const group of groupsOf(images)) {
    const frames = framesOf(group).slice(0, free);
    if (frames.length > 0) stacks.push({ ...describe(group[0]!), frames });
    free -= frames.length;
  }
  const total = images.reduce((sum, one) => sum + countOf(one), 0);
  return { stacks, isComplete: total <= maxFrames };
}

/** In the order of Series Number. */
function groupsOf(images: readonly DataSet[]): readonly (readonly DataSet[])[] {
  const groups = new Map<string, DataSet[]>();
  for (const image of [...images].sort(bySeriesAndInstance)) {
    const isAlone = projections.has(textOf(image, 'Modality') ?? '') || countOf(image) > 1;
    const key = isAlone ? `image ${textOf(image, 'SOPInstanceUID')}` : `series ${textOf(image, 'SeriesInstanceUID')}`;
    const group = groups.get(key);
    if (group) group.push(image);
    else groups.set(key, [image]);
  }
  return [...groups.values()];
}

function bySeriesAndInstance(a: DataSet, b: DataSet): number {
  const number = (one: DataSet, keyword: string): number => numberOf(one, keyword) ?? 0;
  return number(a, 'SeriesNumber') - number(b, 'SeriesNumber') || number(a, 'InstanceNumber') - number(b, 'InstanceNumber');
}

function describe(image: DataSet): Omit<ImageStack, 'frames'> {
  const line = (keyword: string): string => plainText(textOf(image, keyword) ?? '', maxLineLength);
  const seriesNumber = numberOf(image, 'SeriesNumber');
  return {
    seriesInstanceUID: textOf(image, 'SeriesInstanceUID') ?? '',
    ...(seriesNumber === undefined ? {} : { seriesNumber }),
    modality: line('Modality'),
    view: line('ViewPosition'),
    laterality: line('ImageLaterality') || line('Laterality'),
    description: line('SeriesDescription'),
  };
}

/** From head to foot where all have a position, else in the order of the instances. */
function framesOf(images: readonly DataSet[]): readonly ShownFrame[] {
  const frames = images.flatMap((image) =>
    Array.from({ length: Math.min(countOf(image), maxFrames) }, (_, index): ShownFrame => {
      const positionMm = positionOf(frameDataSet(image, index + 1));
      return {
        sopInstanceUID: textOf(image, 'SOPInstanceUID') ?? '',
        frame: index + 1,
        ...(positionMm === undefined ? {} : { positionMm }),
      };
    }),
  );
  const places = new Set(frames.map((one) => one.positionMm));
  return frames.length > 1 && !places.has(undefined) && places.size > 1
    ? [...frames].sort((a, b) => b.positionMm! - a.positionMm!)
    : frames;
}

function countOf(image: DataSet): number {
  return Math.max(1, Math.floor(numberOf(image, 'NumberOfFrames') ?? 1));
}

/** Image Position along the normal of the slice (PS3.3 §C.7.6.2.1.1), 0.1 mm; of axial slices rising towards the head. */
function positionOf(frame: DataSet): number | undefined {
  const cosines = numbersOf(frame, 'ImageOrientationPatient');
  const origin = numbersOf(frame, 'ImagePositionPatient');
  if (cosines.length !== 6 || origin.length !== 3) return undefined;
  const [rx, ry, rz, cx, cy, cz] = cosines as [number, number, number, number, number, number];
  const normal = [ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx] as const;
  const length = Math.hypot(...normal);
  if (!(length > 0.5)) return undefined;
  const largest = normal.reduce((most, one) => (Math.abs(one) > Math.abs(most) ? one : most), 0);
  const along = normal.reduce((sum, one, axis) => sum + one * origin[axis]!, 0) / (length * Math.sign(largest || 1));
  return Number.isFinite(along) ? Math.round(along * 10) / 10 : undefined;
}
