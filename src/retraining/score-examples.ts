import type { Predictor } from '../engine/engine.js';
import type { Example } from '../dataset/example.js';
import { Fault } from '../errors.js';
import { gateOf } from '../evaluation/gate.js';
import { findingProbabilities } from '../evaluation/probability.js';
import type { ScoredImage, ScoredSet } from '../evaluation/report/scored-set.js';
import type { FindingRule } from '../evaluation/rules.js';
import { truthOf, truthsOf, type LabelRules, type OriginatedTruth } from '../evaluation/truth.js';
import { cutToLungs } from '../pixels/ct/picture-lungs.js';
import { checkFrontal } from '../pixels/xray/frontal-check.js';
import type { GreyImage } from '../pixels/image.js';
import { networkInput } from '../pixels/network-input.js';
import type { ServedNetwork } from '../registry/model-version.js';

export interface ScoreRequest {
  readonly served: ServedNetwork;
  readonly predictor: Predictor;
  /** X-rays pass the frontal check, and slices are cut to the lungs, as in reporting. */
  readonly kind: 'xray' | 'ct';
  readonly examples: readonly Example[];
  readonly picture: (example: Example) => Promise<GreyImage>;
  readonly labelRules: LabelRules;
  /** Changes every picture before the network sees it: the shortcut audit covers the lungs, or all but them. */
  readonly change?: (image: GreyImage) => GreyImage;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface ScoredExamples {
  readonly set: ScoredSet;
  /** One row for each image of the set, in its order: logits of the findings, and the features of the penultimate layer. */
  readonly logits: readonly (readonly number[])[];
  readonly embeddings: readonly Float32Array[];
  /** Number of examples left out because none, or several, of a one-of-many network's classes describe them. */
  readonly outside: number;
  /** Images left out because they could not be read. */
  readonly unreadable: readonly Fault[];
}

/** Images per prediction. */
const batchSize = 8;

/** Runs a network on labelled images, its input checks included, as reporting does. */
export async function scoreExamples(request: ScoreRequest): Promise<ScoredExamples> {
  const { served, examples, labelRules, onProgress } = request;
  const rules = served.outputs.filter((rule): rule is FindingRule => rule.kind === 'finding');
  const classes = rules.map(({ name }) => name);
  const objective = served.objective ?? 'several';
  const labelled = examples.map((example) => ({ example, truths: truthsOf(example, classes, labelRules) }));
  const inside = labelled.filter(({ truths }) => objective === 'several' || truths.filter(({ truth }) => truth === 1).length === 1);
  const scored: ScoredRow[] = [];
  const unreadable: Fault[] = [];
  for (let start = 0; start < inside.length; start += batchSize) {
    const batch = await readBatch(inside.slice(start, start + batchSize), request);
    unreadable.push(...batch.flatMap((one) => (one instanceof Fault ? [one] : [])));
    const readable = batch.filter((one): one is ReadExample => !(one instanceof Fault));
    if (readable.length > 0) scored.push(...(await scoreBatch(readable, request)));
    onProgress?.(Math.min(start + batchSize, inside.length), inside.length);
  }
  return {
    set: { objective, classes, thresholds: rules.map(({ presentFrom }) => presentFrom), images: scored.map(({ image }) => image) },
    logits: scored.map(({ logits }) => logits),
    embeddings: scored.map(({ embedding }) => embedding),
    outside: examples.length - inside.length,
    unreadable,
  };
}

interface ReadExample {
  readonly example: Example;
  readonly truths: readonly OriginatedTruth[];
  readonly image: GreyImage;
}

interface ScoredRow {
  readonly image: ScoredImage;
  readonly logits: readonly number[];
  readonly embedding: Float32Array;
}

function readBatch(
  batch: readonly { readonly example: Example; readonly truths: readonly OriginatedTruth[] }[],
  { picture, change, kind }: ScoreRequest,
): Promise<readonly (ReadExample | Fault)[]> {
  return Promise.all(
    batch.map(async ({ example, truths }) => {
      try {
        const image = kind === 'ct' ? cutToLungs(await picture(example)) : await picture(example);
        return { example, truths, image: change ? change(image) : image };
      } catch (error) {
        if (error instanceof Fault) return error;
        throw error;
      }
    }),
  );
}

async function scoreBatch(
  batch: readonly ReadExample[],
  { served, predictor, kind, labelRules }: ScoreRequest,
): Promise<readonly ScoredRow[]> {
  const { channels, height, width } = served.input;
  const size = channels * height * width;
  const data = new Float32Array(batch.length * size);
  batch.forEach(({ image }, index) => data.set(networkInput(image, served.input), index * size));
  const { logits, embedding, outputs, features } = await predictor.predict({ data, batch: batch.length, channels, height, width });
  return batch.map(({ example, truths, image }, index) => {
    const row = logits.slice(index * outputs, (index + 1) * outputs);
    const own = embedding.slice(index * features, (index + 1) * features);
    const { reason } = gateOf(row, own, served);
    const frontal = kind === 'xray' ? checkFrontal(image).refusal : undefined;
    const refusal = [frontal, reason].filter((one) => one !== undefined).join('; ');
    const { key, file, patient, source, view, devices } = example;
    const abnormal = isAbnormal(example, served, labelRules);
    return {
      image: {
        id: file ?? key,
        patient,
        source,
        view,
        yTrue: truths.map(({ truth }) => truth),
        ...(truths.some(({ origin }) => origin !== null) ? { origins: truths.map(({ origin }) => origin) } : {}),
        ...(abnormal === undefined ? {} : { abnormal }),
        ...(devices === undefined ? {} : { devices }),
        yScore: findingProbabilities(row, served),
        ...(refusal ? { refusal } : {}),
      },
      logits: served.outputs.flatMap((rule, output) => (rule.kind === 'finding' ? [row[output]!] : [])),
      embedding: own,
    };
  });
}

/** Whether anything is stated to be present, also what the network does not know; undefined if nothing is stated. */
function isAbnormal(example: Example, { outputs }: ServedNetwork, labelRules: LabelRules): boolean | undefined {
  const guards = outputs.flatMap(({ kind, name }) => (kind === 'gate' ? [name] : []));
  if (example.labels.some((label) => label !== 'normal' && label !== 'no-finding' && !guards.includes(label))) return true;
  const [truth] = truthOf({ ...example, labels: [] }, ['abnormal'], labelRules);
  // Labels of readers name the network's findings only: without a statement on the rest nobody knows.
  const statesAll = example.absent !== undefined || !example.unknown?.length;
  return truth === 0 && statesAll ? false : undefined;
}
