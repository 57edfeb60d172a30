import { textOf, type DataSet } from '../dicom/data-set.js';
import { Fault } from '../errors.js';
import type { ImageReference } from '../sr/report-content.js';
import type { Analysis, StudyFinding } from './analysis.js';
import { referenceTo } from './image-reference.js';
import { skip } from './skip.js';
import type { Stopwatch } from './stopwatch.js';
import { observationOf, tagsOf, type StudyStatistics } from '../monitoring/study-statistics.js';
import type { ImagePrediction, ServedModel } from '../serving/model.js';
import type { ImageReader, ReadImage } from '../serving/image-reader.js';
import type { Pacs, ReportPorts } from './ports.js';

interface PredictedImage {
  readonly instance: DataSet;
  readonly reference: ImageReference;
  readonly read: ReadImage;
  readonly prediction: ImagePrediction;
}

/**
 * Predictions for the frontal X-rays of a study. Each image is predicted on its own; of several accepted images the highest
 * probability of a finding is that of the study. An image that cannot be read is named and left out.
 *
 * @throws Fault if no image can be read, or if one cannot be read for a temporary reason
 */
export async function predictXrays(
  chosen: readonly DataSet[],
  model: ServedModel,
  reader: Pick<ImageReader, 'readXray'>,
  pacs: Pick<Pacs, 'retrieveInstance'>,
  watch: Stopwatch,
  siteOf?: ReportPorts['siteOf'],
): Promise<Analysis> {
  const references = chosen.map((instance) => referenceTo(instance));
  const attempts = await Promise.allSettled(references.map((reference) => readXray(reference, reader, pacs, watch)));
  const readable = attempts.flatMap((attempt, index) =>
    attempt.status === 'fulfilled' ? [{ instance: chosen[index]!, reference: references[index]!, read: attempt.value }] : [],
  );
  const faults = attempts.flatMap((attempt, index) => {
    if (attempt.status === 'fulfilled') return [];
    if (!(attempt.reason instanceof Fault)) throw attempt.reason;
    return [attempt.reason.about({ sopInstanceUID: references[index]!.sopInstanceUID })];
  });
  const temporary = faults.find((fault) => fault.retryable);
  if (temporary) throw temporary;
  if (readable.length === 0) throw faults[0] ?? new Fault('pixels-unreadable', 'expected at least one image, found none');

  const predictions = await watch.time('infer', () => model.predictXrays(readable.map(({ read }) => read.image)));
  const predicted = readable.map((image, index): PredictedImage => ({ ...image, prediction: predictions[index]! }));
  const accepted = predicted.filter(({ prediction }) => prediction.refusal === undefined);
  const notes = [
    ...faults.map((fault) => `Left out, unreadable: ${fault.subject.sopInstanceUID ?? ''} (${fault.code})`),
    ...predicted.flatMap(({ reference, prediction }) =>
      prediction.refusal ? [`Left out, ${prediction.refusal}: ${reference.sopInstanceUID}`] : [],
    ),
  ];
  const evidence = readable.map(({ reference }) => reference);
  const { engine } = predictions[0]!;
  const statistics = statisticsOf(accepted[0] ?? predicted[0]!, siteOf);
  if (accepted.length === 0) {
    return {
      kind: 'xray',
      evidence,
      findings: [],
      notes,
      engine,
      statistics,
      skip: skip('not-frontal-chest', predicted[0]!.prediction.refusal),
    };
  }
  return {
    kind: 'xray',
    evidence: accepted.map(({ reference }) => reference),
    findings: strongestOf(accepted),
    remarks: [...remarksOf(chosen.length, faults.length, predicted.length - accepted.length), ...(model.limitations?.('xray') ?? [])],
    notes: accepted.length > 1 ? [...notes, `Of ${accepted.length} images the highest probability of each finding is given`] : notes,
    engine,
    statistics,
  };
}

/** Of one image, as in the training reference: the highest probability of several images would depend on how many there are. */
function statisticsOf({ instance, read, prediction }: PredictedImage, siteOf: ReportPorts['siteOf']): StudyStatistics | undefined {
  if (!siteOf) return undefined;
  const probabilities = Object.fromEntries(prediction.findings.map(({ name, probability }) => [name, probability]));
  return {
    network: 'xray',
    site: siteOf(instance),
    ...observationOf(read.image, tagsOf(instance), {
      accepted: prediction.refusal === undefined,
      distance: prediction.distance,
      probabilities,
    }),
  };
}

/** What the report itself states when not every frontal image is part of the result. */
function remarksOf(chosen: number, unreadable: number, refused: number): readonly string[] {
  return [
    ...(unreadable > 0 ? [`${unreadable} of ${chosen} images could not be read: not part of this result.`] : []),
    ...(refused > 0 ? [`${refused} of ${chosen} images not accepted as a frontal chest X-ray: not part of this result.`] : []),
  ];
}

async function readXray(
  reference: ImageReference,
  reader: Pick<ImageReader, 'readXray'>,
  pacs: Pick<Pacs, 'retrieveInstance'>,
  watch: Stopwatch,
): Promise<ReadImage> {
  const file = await watch.time('retrieve', () =>
    pacs.retrieveInstance(reference.studyInstanceUID, reference.seriesInstanceUID, reference.sopInstanceUID),
  );
  return watch.time('decode', () => reader.readXray(file));
}

/** For each finding the image in which it is most probable. */
function strongestOf(images: readonly PredictedImage[]): readonly StudyFinding[] {
  const names = images[0]!.prediction.findings.map((finding) => finding.name);
  return names.map((name) => {
    const candidates = images.map((image) => ({ image, finding: image.prediction.findings.find((one) => one.name === name)! }));
    const { image, finding } = candidates.reduce((best, next) => (next.finding.probability > best.finding.probability ? next : best));
    return {
      ...finding,
      images: [image.reference],
      preview: image.read.preview,
      ...(finding.box ? { region: { image: image.reference, ...image.read.toStored(finding.box) } } : {}),
    };
  });
}

/** Why an X-ray study contains no image for the model. */
export function noXrayReason(leftOut: readonly { readonly instance: DataSet; readonly reason: string }[]): ReturnType<typeof skip> {
  const lateral = leftOut.filter(({ reason }) => reason === 'lateral');
  if (lateral.length > 0) {
    const views = [...new Set(lateral.map(({ instance }) => textOf(instance, 'ViewPosition') ?? 'by description'))].join(', ');
    return skip('lateral-only', `view ${views}`);
  }
  return skip('no-image', leftOut.length ? [...new Set(leftOut.map(({ reason }) => reason))].join(', ') : undefined);
}
