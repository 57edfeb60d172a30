import type { Engine, Predictor, Prediction } from '../engine/engine.js';
import { activationBox, activationMapOf } from '../evaluation/activation-box.js';
import { assessImage, assessStudy } from '../evaluation/decide-findings.js';
import { withServedThresholds, type ThresholdOverride } from '../evaluation/operating-points.js';
import type { FindingRule } from '../evaluation/rules.js';
import { Fault } from '../errors.js';
import type { GreyImage } from '../pixels/image.js';
import { checkFrontal, minFrontalProbability } from '../pixels/xray/frontal-check.js';
import { networkInput } from '../pixels/network-input.js';
import type { ModelVersion, ServedNetwork } from '../registry/model-version.js';
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
    return { served: network.served, prediction: await predictInBatches(network.predictor, network.served, images) };
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
    supports: (kind) => networks[kind] !== undefined,
    async predictXrays(images) {
      const { served, prediction } = await predict('xray', images);
      return images.map((image, index) => imagePrediction(prediction, index, served, image));
    },
    async predictSlices(images) {
      const { served, prediction } = await predict('ct', images);
      return stackPrediction(prediction, served);
    },
    async release() {
      await (released ??= Promise.all(Object.values(networks).map(({ predictor }) => predictor.release())));
    },
  };
}

async function predictInBatches(predictor: Predictor, { input }: ServedNetwork, images: readonly GreyImage[]): Promise<Prediction> {
  const size = input.channels * input.height * input.width;
  const parts: Prediction[] = [];
  for (let start = 0; start < images.length; start += batchSize) {
    const members = images.slice(start, start + batchSize);
    const data = new Float32Array(members.length * size);
    members.forEach((image, index) => data.set(networkInput(image, input), index * size));
    parts.push(
      await predictor.predict({ data, batch: members.length, channels: input.channels, height: input.height, width: input.width }),
    );
  }
  return parts.length === 1 ? parts[0]! : joined(parts);
}

function joined(parts: readonly Prediction[]): Prediction {
  const join = (of: (part: Prediction) => Float32Array): Float32Array => {
    const all = new Float32Array(parts.reduce((sum, part) => sum + of(part).length, 0));
    parts.reduce((offset, part) => (all.set(of(part), offset), offset + of(part).length), 0);
    return all;
  };
  return {
    ...parts.at(-1)!,
    batch: parts.reduce((sum, part) => sum + part.batch, 0),
    logits: join((part) => part.logits),
    embedding: join((part) => part.embedding),
    activationMaps: join((part) => part.activationMaps),
  };
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
    findings: findings.map((finding) => findingPrediction(finding, served, prediction, index)),
    engine: prediction.engine,
    distance: gate.distance,
    ...(reasons.length > 0 ? { refusal: reasons.join('; ') } : {}),
  };
}

function stackPrediction(prediction: Prediction, served: ServedNetwork): StackPrediction {
  const { accepted, reason, findings, images } = assessStudy(prediction, served);
  const top = served.study?.top ?? 1;
  return {
    rule: `Of the accepted slices the mean of the ${top} highest probabilities`,
    engine: prediction.engine,
    distance: images.reduce((sum, { gate }) => sum + gate.distance, 0) / images.length,
    findings: findings.map((finding) => ({
      ...findingPrediction(finding, served, prediction, finding.slices[0]!),
      slices: finding.slices,
    })),
    ...(accepted ? {} : { refusal: reason ?? 'refused by the gate' }),
  };
}

interface Scored {
  readonly name: string;
  readonly output: number;
  readonly probability: number;
  readonly decision: FindingPrediction['decision'];
}

/** @param image whose activation map shows the place */
function findingPrediction(
  { name, output, probability, decision }: Scored,
  served: ServedNetwork,
  prediction: Prediction,
  image: number,
): FindingPrediction {
  const { absentBelow, presentFrom } = served.outputs[output] as FindingRule;
  const { mapWidth: width, mapHeight: height } = prediction;
  const values = activationMapOf(prediction, image, output);
  const box = decision === 'present' ? activationBox(values, width, height) : undefined;
  return { name, probability, decision, absentBelow, presentFrom, activation: { values, width, height }, ...(box ? { box } : {}) };
}
