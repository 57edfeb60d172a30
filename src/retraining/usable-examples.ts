import { checkSplitClasses, type Part } from '../dataset/split.js';
import { originWeight, type LabelOrigin } from '../lib/label-origin.js';
import { truthsOf } from '../evaluation/truth.js';
import type { TrainingImage } from '../training/batches.js';
import type { Recipe } from '../training/recipe.js';
import { samplingPool } from '../training/sampling.js';
import type { CandidateBasis, UsableExample } from './candidate-request.js';

/** The parts that are read for training; test images are never read here. */
const needed: ReadonlySet<Part> = new Set(['train', 'validation', 'calibration']);

/** Reads the pictures into the cache. @returns why images could not be read, by key; `stopped` if the signal ended it */
export async function readPictures({
  cache,
  dataset: { source, split },
  signal,
  onReading,
}: CandidateBasis): Promise<ReadonlyMap<string, string> | 'stopped'> {
  try {
    return await cache.fill(
      source,
      source.examples.filter((_, index) => needed.has(split.parts[index]!)),
      { signal, ...(onReading ? { onProgress: onReading } : {}) },
    );
  } catch (error) {
    if (signal?.aborted && error === signal.reason) return 'stopped';
    throw error;
  }
}

/** Examples that can be read, belong to a part that training uses, and whose labels the classes describe. */
export function usableExamples(
  { dataset: { source, split }, classes, objective, labelRules }: CandidateBasis,
  unreadable: ReadonlyMap<string, string>,
): readonly UsableExample[] {
  return (
    source.examples
      .map((example, index) => {
        const stated = truthsOf(example, classes, labelRules);
        return {
          example,
          part: split.parts[index]!,
          truth: stated.map(({ truth }) => truth),
          origins: stated.map(({ origin }) => origin),
        };
      })
      .filter(({ example, part }) => needed.has(part) && !unreadable.has(example.key))
      .filter(({ truth }) =>
        objective === 'one-of-many' ? truth.filter((one) => one === 1).length === 1 : truth.some((one) => one !== null),
      )
      // The labels as the classes describe them, so that every later step counts the same.
      .map((one) => ({
        ...one,
        example: {
          ...one.example,
          labels: classes.filter((_, output) => one.truth[output] === 1),
          absent: classes.filter((_, output) => one.truth[output] === 0),
          unknown: classes.filter((_, output) => one.truth[output] === null),
          origins: originsByName(classes, one.origins),
        },
      }))
  );
}

/** What training and its record should warn about: the split, classes with too few images, images that were left out. */
export function warningsOfImages(
  request: CandidateBasis,
  usable: readonly UsableExample[],
  unreadable: ReadonlyMap<string, string>,
): readonly string[] {
  const { dataset, classes, objective } = request;
  return [
    ...dataset.split.warnings,
    ...checkSplitClasses(
      usable.map(({ example }) => example),
      usable.map(({ part }) => part),
      classes,
      objective,
    ),
    ...describeLeftOut(request, unreadable, usable.length),
  ];
}

function describeLeftOut(
  { dataset: { split }, objective }: CandidateBasis,
  unreadable: ReadonlyMap<string, string>,
  used: number,
): readonly string[] {
  const undescribed = split.parts.filter((part) => needed.has(part)).length - unreadable.size - used;
  return [
    ...(unreadable.size > 0 ? [`${unreadable.size} images could not be read and were left out (\`dataset verify\` names them)`] : []),
    ...(undescribed > 0
      ? [
          `${undescribed} images were left out: ${objective === 'one-of-many' ? 'none, or more than one,' : 'none'} of the classes describe them`,
        ]
      : []),
  ];
}

function originsByName(classes: readonly string[], origins: readonly (LabelOrigin | null)[]): Readonly<Record<string, LabelOrigin>> {
  return Object.fromEntries(origins.flatMap((origin, output) => (origin === null ? [] : [[classes[output]!, origin] as const])));
}

/** A label counts in the loss by its origin, as the recipe weighs it. */
export function imageOf(
  { example, truth, origins }: UsableExample,
  frontalChest: boolean,
  { originWeights, sampling }: Pick<Recipe, 'originWeights' | 'sampling'>,
): TrainingImage {
  const { key, source } = example;
  const weights = origins.some((origin) => origin !== null) ? origins.map((origin) => originWeight(origin, originWeights)) : undefined;
  const pool = sampling && samplingPool(sampling, example);
  return { key, source, truth, ...(pool ? { pool } : {}), ...(weights ? { weights } : {}), ...(frontalChest ? { frontalChest } : {}) };
}
