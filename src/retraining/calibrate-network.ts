import type { Example } from '../dataset/example.js';
import { PictureWorkers } from '../dataset/picture-workers.js';
import type { Part } from '../dataset/split.js';
import { calibratedOutputs } from '../evaluation/calibrated-outputs.js';
import { fitFeatureGateOfSources } from '../evaluation/feature-gate.js';
import { quantile } from '../evaluation/metrics/patient-bootstrap.js';
import { probabilityOf } from '../evaluation/probability.js';
import type { FindingRule, OutputRule, Rules } from '../evaluation/rules.js';
import { predictAll, type TrainingImage } from '../training/batches.js';
import { featuresOfNetwork, type LoadableNetwork } from '../network/loadable-network.js';
import type { CandidateBasis, UsableExample } from './candidate-request.js';
import { scoreExamples, type ScoredExamples } from './score-examples.js';

/** A trained network with its rules, and how it scores the images that did not train it. */
export interface CalibratedNetwork {
  readonly rules: Rules & { readonly outputs: readonly OutputRule[]; readonly objective: 'one-of-many' | 'several' };
  readonly calibration: ScoredExamples;
  readonly validation: ScoredExamples;
}

/** With fewer calibration images the limit of the feature gate comes from the validation images. */
const minForGate = 20;

/**
 * Calibration and thresholds from the calibration images, the feature gate from the training images, and the scores of the validation
 * images under these rules.
 */
export async function calibrateNetwork(
  request: CandidateBasis,
  network: LoadableNetwork,
  usable: readonly UsableExample[],
  trainingImages: readonly TrainingImage[],
): Promise<CalibratedNetwork> {
  const { classes, objective, input, cache, engine, labelRules, kind, dataset } = request;
  const features = featuresOfNetwork(network);
  const guardOutput = classes.indexOf(request.guardClass ?? '');
  const workers = new PictureWorkers(request.workers);
  const predictor = await engine.load(network);
  try {
    const score = (part: Part, rules: Rules, which: (one: UsableExample) => boolean = () => true): Promise<ScoredExamples> =>
      scoreExamples({
        served: { network, input, ...rules },
        predictor,
        kind,
        examples: usable.filter((one) => one.part === part && which(one)).map(({ example }) => example),
        picture: (example: Example) => dataset.source.picture(example),
        labelRules,
      });
    const provisional = provisionalRules(classes, objective, features);
    const calibration = await score('calibration', provisional);
    const outputs = outputsOf(request, calibration);
    const images = trainingImages.filter(({ truth }) => guardOutput < 0 || truth[guardOutput] !== 0);
    const training = (await predictAll(engine, network, { images, cache, workers, input })).embeddings;
    // Images that did not train the network and, if there are enough others, are not those that evaluate it.
    const calibrationFeatures = chestsAmong(calibration, guardOutput);
    const heldOut =
      calibrationFeatures.length >= minForGate ? calibrationFeatures : chestsAmong(await score('validation', provisional), guardOutput);
    const gate = fitFeatureGateOfSources({ values: training, sources: images.map(({ source }) => source) }, joined(heldOut), features);
    const rules = { outputs, objective, gate };
    // Images that only the guard learns from have no label of a finding.
    const hasFinding = ({ truth }: UsableExample): boolean => truth.some((one, output) => one !== null && output !== guardOutput);
    return { rules, calibration, validation: await score('validation', rules, hasFinding) };
  } finally {
    await predictor.release();
    await workers.close();
  }
}

/** Share of images of the kind that the network is made for that pass the guard's output, over all and within each source. */
const guardPasses = { all: 0.995, source: 0.97 };
/** Images of a source that say anything about it. */
const minOfSource = 20;

/** The probability that these shares of all chests, and of those of each source, reach. */
function lowestPassing(chests: readonly { readonly source: string; readonly probability: number }[]): number {
  const quantileOf = (own: typeof chests, passing: number): number =>
    quantile(Float64Array.from(own, ({ probability }) => probability).sort(), 1 - passing);
  const ofSources = [...new Set(chests.map(({ source }) => source))]
    .map((source) => chests.filter((one) => one.source === source))
    .filter((own) => own.length >= minOfSource)
    .map((own) => quantileOf(own, guardPasses.source));
  return Math.min(quantileOf(chests, guardPasses.all), ...ofSources);
}

function outputsOf({ objective, classes, guardClass }: CandidateBasis, { logits, set }: ScoredExamples): readonly OutputRule[] {
  return calibratedOutputs({ objective, classes, logits, yTrue: set.images.map(({ yTrue }) => yTrue) }).map((rule, output): OutputRule => {
    if (rule.name !== guardClass) return rule;
    const { name, temperature, bias } = rule;
    const chests = logits.flatMap((row, image) => {
      const { yTrue, source } = set.images[image]!;
      return yTrue[output] === 1 ? [{ source, probability: probabilityOf(row[output]!, { temperature, bias }) }] : [];
    });
    const acceptFrom = chests.length === 0 ? 0.5 : Math.min(Math.max(lowestPassing(chests), 0.05), 0.95);
    return { kind: 'gate', name, temperature, ...(bias === undefined ? {} : { bias }), acceptFrom: Number(acceptFrom.toFixed(3)) };
  });
}

function chestsAmong({ set, embeddings }: ScoredExamples, guardOutput: number): readonly Float32Array[] {
  return embeddings.filter((_, image) => guardOutput < 0 || set.images[image]!.yTrue[guardOutput] !== 0);
}

/** Rules without calibration that refuse nothing, to obtain logits. */
function provisionalRules(classes: readonly string[], objective: 'one-of-many' | 'several', features: number): Rules {
  const outputs = classes.map((name): FindingRule => ({ kind: 'finding', name, temperature: 1, absentBelow: 0.5, presentFrom: 0.5 }));
  return {
    outputs,
    objective,
    gate: { mean: new Float32Array(features), precision: new Float32Array(features * features), maxDistance: Infinity },
  };
}

function joined(rows: readonly Float32Array[]): Float32Array {
  const width = rows[0]?.length ?? 0;
  const all = new Float32Array(rows.length * width);
  rows.forEach((row, index) => all.set(row, index * width));
  return all;
}
