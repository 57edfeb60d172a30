import { textOf, type DataSet } from '../dicom/data-set.js';
import { Fault } from '../errors.js';
import type { ImageReference } from '../sr/report-content.js';
import type { Analysis, StudyFinding } from './analysis.js';
import { referenceTo } from './image-reference.js';
import { skip } from './skip.js';
import type { Stopwatch } from './stopwatch.js';
import { observationOf, tagsOf, type StudyStatistics } from '../monitoring/study-statistics.js';
import type { ImagePrediction, ServedModel } from '../serving/model.js';
import type { ReadImage } from '../serving/image-reader.js';
import type { ReportPorts } from './ports.js';

interface PredictedImage {
  readonly instance: DataSet;
  readonly reference: ImageReference;
  readonly read: ReadImage;
  readonly prediction: ImagePrediction;
}

/**
 * Frontal X-rays of a study: each is judged on its own, and of several accepted ones the highest probability of a
 * finding speaks for the study. An image that cannot be read is named and left out; if none can be read, that is a fault.
 */
export async function predictXrays(
  chosen: readonly DataSet[],
  model: ServedModel,
  tools: ReportPorts,
  watch: Stopwatch,
): Promise<Analysis> {
  const references = chosen.map((instance) => referenceTo(instance));
  const attempts = await Promise.allSettled(references.map((reference) => readXray(reference, tools, watch)));
  const readable = attempts.flatMap((attempt, index) =>
    attempt.status === 'fulfilled' ? [{ instance: chosen[index]!, reference: references[index]!, read: attempt.value }] : [],
  );
  const faults = attempts.flatMap((attempt, index) => {
    if (attempt.status === 'fulfilled') return [];
    if (!(attempt.reason instanceof Fault)) throw attempt.reason;
    return [attempt.reason.about({ sopInstanceUID: references[index]!.sopInstanceUID })];
  });
  const passing = faults.find((fault) => fault.retryable);
  if (passing) throw passing;
  if (readable.length === 0) throw faults[0] ?? new Fault('pixels-unreadable', 'expected at least one image, found none');

  const predictions = await watch.time('infer', () => model.predictXrays(readable.map(({ read }) => read.image)));
  const judged = readable.map((image, index): PredictedImage => ({ ...image, prediction: predictions[index]! }));
  const accepted = judged.filter(({ prediction }) => prediction.refusal === undefined);
  const notes = [
    ...faults.map((fault) => `Left out, unreadable: ${fault.subject.sopInstanceUID ?? ''} (${fault.code})`),
    ...judged.flatMap(({ reference, prediction }) =>
      prediction.refusal ? [`Left out, ${prediction.refusal}: ${reference.sopInstanceUID}`] : [],
    ),
  ];
  const evidence = readable.map(({ reference }) => reference);
  const { engine } = predictions[0]!;
  const statistics = statisticsOf(accepted[0] ?? judged[0]!, tools);
  if (accepted.length === 0) {
    return {
      kind: 'xray',
      evidence,
      findings: [],
      notes,
      engine,
      statistics,
      skip: skip('not-frontal-chest', judged[0]!.prediction.refusal),
    };
  }
  return {
    kind: 'xray',
    evidence: accepted.map(({ reference }) => reference),
    findings: strongestOf(accepted),
    remarks: remarksOf(chosen.length, faults.length, judged.length - accepted.length),
    notes: accepted.length > 1 ? [...notes, `Of ${accepted.length} images the highest probability of each finding is given`] : notes,
    engine,
    statistics,
  };
}

/** Of one image, as the training reference has them: of several the highest probability would speak of how many there were. */
function statisticsOf({ instance, read, prediction }: PredictedImage, { siteOf }: ReportPorts): StudyStatistics | undefined {
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

/** What stands in the report itself when not every frontal image was judged. */
function remarksOf(chosen: number, unreadable: number, refused: number): readonly string[] {
  return [
    ...(unreadable > 0 ? [`${unreadable} of ${chosen} images could not be read: not part of this result.`] : []),
    ...(refused > 0 ? [`${refused} of ${chosen} images not accepted as a frontal chest X-ray: not part of this result.`] : []),
  ];
}

async function readXray(reference: ImageReference, tools: ReportPorts, watch: Stopwatch): Promise<ReadImage> {
  const file = await watch.time('retrieve', () =>
    tools.pacs.retrieveInstance(reference.studyInstanceUID, reference.seriesInstanceUID, reference.sopInstanceUID),
  );
  return watch.time('decode', () => tools.reader.readXray(file));
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

/** Why no image of an X-ray study was left to look at. */
export function noXrayReason(leftOut: readonly { readonly instance: DataSet; readonly reason: string }[]): ReturnType<typeof skip> {
  const lateral = leftOut.filter(({ reason }) => reason === 'lateral');
  if (lateral.length > 0) {
    const views = [...new Set(lateral.map(({ instance }) => textOf(instance, 'ViewPosition') ?? 'by description'))].join(', ');
    return skip('lateral-only', `view ${views}`);
  }
  return skip('no-image', leftOut.length ? [...new Set(leftOut.map(({ reason }) => reason))].join(', ') : undefined);
}
