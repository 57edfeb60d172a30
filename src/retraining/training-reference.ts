import type { Example } from '../dataset/example.js';
import { readCachedPicture, type PictureCache } from '../dataset/picture-cache.js';
import { driftReference, type DriftReference, type Observation } from '../evaluation/drift/reference.js';
import { gateOf } from '../evaluation/gate.js';
import { findingProbabilities } from '../evaluation/probability.js';
import type { Rules } from '../evaluation/rules.js';
import { wholeFrame, type GreyImage } from '../pixels/image.js';
import type { ScoredExamples } from './score-examples.js';
import { observationOf } from '../monitoring/study-statistics.js';

export interface ReferenceRequest {
  /** All images that took part in training; their pictures are in the cache. */
  readonly usable: readonly { readonly example: Example }[];
  readonly cache: PictureCache;
  /** Scores of images that did not train the weights: on training images the network is more certain than on new ones. */
  readonly heldOut: readonly ScoredExamples[];
  readonly rules: Rules;
}

/** The reference for drift: pictures and tags of all images, features and outputs of those that were held out of training. */
export function trainingReference({ usable, cache, heldOut, rules }: ReferenceRequest): DriftReference {
  const scores = new Map(heldOut.flatMap((scored) => outputsOf(scored, rules)));
  return driftReference(
    usable.map(({ example }) => {
      const output = scores.get(example.file ?? example.key);
      const { numbers, names } = observationOf(
        pictureOf(cache, example),
        example.tags ?? {},
        output ?? { accepted: true, probabilities: {} },
      );
      const { 'input:accepted': accepted, ...tags } = names;
      return { site: example.site, numbers, names: output && accepted ? names : tags } satisfies Observation & { site: string | undefined };
    }),
  );
}

function outputsOf(
  { set, logits, embeddings }: ScoredExamples,
  rules: Rules,
): readonly (readonly [string, Parameters<typeof observationOf>[2]])[] {
  const findings = rules.outputs.flatMap(({ kind, name }) => (kind === 'finding' ? [name] : []));
  return set.images.map(({ id, refusal, yScore }, image) => {
    // Scored before the rules existed, the logits contain every output; scored by these rules, only the findings, already calibrated.
    const whole = logits[image]!.length === rules.outputs.length;
    const row = whole ? Float32Array.from(logits[image]!) : new Float32Array(rules.outputs.length);
    const gate = gateOf(row, embeddings[image]!, rules);
    const scores = whole ? findingProbabilities(row, rules) : yScore;
    return [
      id,
      {
        accepted: refusal === undefined && (gate.accepted || !whole),
        distance: gate.distance ?? undefined,
        probabilities: Object.fromEntries(findings.map((name, index) => [name, scores[index]!])),
      },
    ] as const;
  });
}

function pictureOf(cache: PictureCache, { key }: Example): GreyImage {
  const grey = readCachedPicture(cache.fileOf(key), cache.width, cache.height);
  return {
    width: cache.width,
    height: cache.height,
    values: Float32Array.from(grey, (value) => value / 255),
    pixelAspect: 1,
    frame: wholeFrame,
  };
}
