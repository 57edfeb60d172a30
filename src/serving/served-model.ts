import type { Engine, InputBatch, Predictor, Prediction } from '../engine/engine.js';
import { joinPredictions } from '../engine/foreign/predict-in-groups.js';
import { activationBox, activationMapOf } from '../evaluation/activation-box.js';
import { assessImage, assessStudy, type StudyAssessment } from '../evaluation/decide-findings.js';
import { withServedThresholds, type ThresholdOverride } from '../evaluation/operating-points.js';
import type { FindingRule } from '../evaluation/rules.js';
import { Fault } from '../errors.js';
import type { Frame, GreyImage } from '../pixels/image.js';
import { boxInWhole, mapInWhole } from '../pixels/input-frame.js';
import { checkFrontal, minFrontalProbability } from '../pixels/xray/frontal-check.js';
import { networkInput } from '../pixels/network-input.js';
import type { ModelVersion, ServedNetwork } from '../registry/model-version.js';
import { limitationsOf } from './limitations.js';
import { localise } from './localise.js';
import type { FindingPrediction, ImageKind, ImagePrediction, ServedModel, StackPrediction } from './model.js';

/** X-rays and slices go through the network in batches of this size, so that memory stays bounded. */
const batchSize = 8;

/** Puts a model version on an engine. Release it when no study uses it any more; a second time does nothing. */
export async function serveModel(
  version: ModelVersion,
  engine: Engine,
  override: (finding: string) => ThresholdOverride,
): Promise<ServedModel & { release(): Promise<void> }> {
  const networks: Partial<Record<ImageKind, { readonly served: ServedNetwork; readonly predictor: Predictor }>> = {};
  for (const kind of ['xray', 'ct'] as const) {
    const served = version.networks[kind];
    if (served) networks[kind] = { served: withServedThresholds(served, override), predictor: await engine.load(served.network) };
  }
  let released: Promise<unknown> | undefined;
  const predict = async (kind: ImageKind, images: readonly GreyImage[]): Promise<{ served: ServedNetwork; prediction: Prediction }> => {
    const network = networks[kind];
    if (!network) throw new Fault('model-invalid', `expected a network for ${kind}, found none in ${version.name} ${version.version}`);
    const { served, predictor } = network;
    const prediction = await predictInBatches(predictor, served, images);
    return { served, prediction: await localise(kind, prediction, served, predictor, (image) => inputBatch([images[image]!], served)) };
  };
  return {
    name: version.name,
    manufacturer: version.manufacturer,
    version: version.version,
    deviceUID: version.deviceUID,
    // A getter, because an engine that fails is replaced by another.
    get engine() {
      return engine.description;
    },
    slicesPerStudy: version.networks.ct?.study?.slices ?? 1,
    neighbouringSlices: version.networks.ct?.input.slices,
    supports: (kind) => networks[kind] !== undefined,
    limitations: (kind) => limitationsOf(networks[kind]?.served, version.name),
    async predictXrays(images) {
      const { served, prediction } = await predict('xray', images);
      return images.map((image, index) => imagePrediction(prediction, index, served, image));
    },
    async predictSlices(images) {
      const { served, prediction } = await predict('ct', images);
      return stackPrediction(prediction, served, images);
    },
    async release() {
      await (released ??= Promise.all(Object.values(networks).map(({ predictor }) => predictor.release())));
    },
  };
}

async function predictInBatches(predictor: Predictor, served: ServedNetwork, images: readonly GreyImage[]): Promise<Prediction> {
  const parts: Prediction[] = [];
  for (let start = 0; start < images.length; start += batchSize)
    parts.push(await predictor.predict(inputBatch(images.slice(start, start + batchSize), served)));
  return joinPredictions(parts);
}

function inputBatch(images: readonly GreyImage[], { input }: ServedNetwork): InputBatch {
  const size = input.channels * input.height * input.width;
  const data = new Float32Array(images.length * size);
  images.forEach((image, index) => data.set(networkInput(image, input), index * size));
  return { data, batch: images.length, channels: input.channels, height: input.height, width: input.width };
}

/** Two guards that know nothing of each other: the mean frontal chest, and what the network itself learned to refuse. */
function imagePrediction(prediction: Prediction, index: number, served: ServedNetwork, image: GreyImage): ImagePrediction {
  const { gate, findings } = assessImage(prediction, index, served);
  const frontal = checkFrontal(image);
  const reasons = [
    frontal.refusal &&
      `it is ${frontal.refusal} by its resemblance to the mean chest (probability of a frontal chest ${(frontal.probability * 100).toFixed(1)} %, needed ${(minFrontalProbability * 100).toFixed(1)} %)`,
    gate.accepted ? undefined : (gate.reason ?? 'the network refuses it'),
  ].filter((reason) => reason !== undefined);
  return {
    findings: findings.map((finding) => findingPrediction(finding, served, prediction, index, image.frame)),
    engine: prediction.engine,
    distance: gate.distance ?? undefined,
    ...(reasons.length > 0 ? { refusal: reasons.join('; ') } : {}),
  };
}

function stackPrediction(prediction: Prediction, served: ServedNetwork, slices: readonly GreyImage[]): StackPrediction {
  const { accepted, reason, findings, images } = assessStudy(prediction, served);
  const top = served.study?.top ?? 1;
  return {
    rule: `Of the accepted slices the mean of the ${top} highest probabilities`,
    engine: prediction.engine,
    distance: meanDistance(images),
    findings: findings.map((finding) => ({
      ...findingPrediction(finding, served, prediction, finding.slices[0]!, slices[finding.slices[0]!]!.frame),
      slices: finding.slices,
    })),
    ...(accepted ? {} : { refusal: reason ?? 'refused by the gate' }),
  };
}

/** Undefined where no feature guard was fitted. */
function meanDistance(images: StudyAssessment['images']): number | undefined {
  const distances = images.flatMap(({ gate }) => (gate.distance === null ? [] : [gate.distance]));
  return distances.length === 0 ? undefined : distances.reduce((sum, one) => sum + one, 0) / distances.length;
}

interface Scored {
  readonly name: string;
  readonly output: number;
  readonly probability: number;
  readonly decision: FindingPrediction['decision'];
}

/** @param image whose activation map shows the place @param frame what of the picture the network saw */
function findingPrediction(
  { name, output, probability, decision }: Scored,
  served: ServedNetwork,
  prediction: Prediction,
  image: number,
  frame: Frame | undefined,
): FindingPrediction {
  const { absentBelow, presentFrom, calibratedHere, regions } = served.outputs[output] as FindingRule;
  const { mapWidth: width, mapHeight: height } = regions === false ? { mapWidth: 0, mapHeight: 0 } : prediction;
  const values = regions === false ? new Float32Array(0) : activationMapOf(prediction, image, output);
  const box = decision === 'present' ? activationBox(values, width, height) : undefined;
  const activation = mapInWhole({ values, width, height }, frame);
  return {
    name,
    probability,
    decision,
    absentBelow,
    presentFrom,
    ...(calibratedHere === false ? { isNotCalibratedHere: true as const } : {}),
    activation,
    ...(box ? { box: boxInWhole(box, frame) } : {}),
  };
}
