import { numberOf, textOf, type DataSet } from '../dicom/data-set.js';
import { ageGroupOf, ageGroups } from '../dicom/patient-age.js';
import type { Observation } from '../evaluation/drift/reference.js';
import type { GreyImage } from '../pixels/image.js';
import { inputStatistics } from '../pixels/input-statistics.js';
import type { ImageKind } from '../serving/model.js';

/** The statistics of a study that drift checks use. They contain no identifier and no free text about the patient. */
export interface StudyStatistics extends Observation {
  readonly network: ImageKind;
  readonly site: string;
}

/** The outputs of a network for one image. */
export interface NetworkOutputs {
  readonly accepted: boolean;
  /** Mahalanobis distance of its features from the training images. */
  readonly distance?: number | undefined;
  /** Calibrated, by finding; only for an image that it accepts. */
  readonly probabilities: Readonly<Record<string, number>>;
}

/** Quantities of one image, by the names that docs/reference/drift.md explains. */
export function observationOf(
  image: GreyImage,
  tags: Readonly<Record<string, string>>,
  { accepted, distance, probabilities }: NetworkOutputs,
): Observation {
  return {
    numbers: {
      ...named('input', inputStatistics(image)),
      ...(distance === undefined || !Number.isFinite(distance) ? {} : { 'feature:distance': distance }),
      ...(accepted ? named('output', probabilities) : {}),
    },
    names: { ...named('tag', tags), 'input:accepted': accepted ? 'yes' : 'no' },
  };
}

function named<Value>(kind: string, values: Readonly<Record<string, Value>> | object): Record<string, Value> {
  return Object.fromEntries(Object.entries(values as Readonly<Record<string, Value>>).map(([name, value]) => [`${kind}:${name}`, value]));
}

/** Attributes that are used as the header states them. */
const plainTags = ['Modality', 'Manufacturer', 'ManufacturerModelName', 'PhotometricInterpretation', 'ViewPosition', 'BitsStored'] as const;
/** Characters of equipment names and defined terms; a person's name in DICOM has carets (PS3.5 §6.2.1). */
const ordinaryName = /^[\p{L}\p{N} .,&()/_+-]{1,64}$/u;

/**
 * How an image was acquired: equipment, view, grey scale, a class of its size, and the patient's age in steps of twenty years. Nothing
 * names a patient.
 */
export function tagsOf(instance: DataSet): Readonly<Record<string, string>> {
  const plain = plainTags.flatMap((keyword) => {
    const text = textOf(instance, keyword)?.toUpperCase();
    return text === undefined ? [] : [[keyword, ordinaryName.test(text) ? text : 'OTHER'] as const];
  });
  const [size, age] = [sizeClass(instance), ageGroupOf(instance)];
  return Object.fromEntries([
    ...plain,
    ...(size ? [['Size', size] as const] : []),
    ...(age === undefined ? [] : [['PatientAge', ageGroups[age]] as const]),
  ]);
}

function sizeClass(instance: DataSet): string | undefined {
  const [rows, columns] = [numberOf(instance, 'Rows'), numberOf(instance, 'Columns')];
  if (!rows || !columns) return undefined;
  const megapixels = (rows * columns) / 1e6;
  return megapixels < 1 ? 'below 1 MP' : megapixels < 3 ? '1 to 3 MP' : megapixels < 6 ? '3 to 6 MP' : 'from 6 MP';
}
