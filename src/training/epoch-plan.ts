import type { Objective } from '../engine/trainer.js';
import { Fault } from '../errors.js';
import { keyedRandom, shuffled } from '../lib/seeded-random.js';
import type { Recipe } from './recipe.js';
import { sampledByGroup, type SamplingPool } from './sampling.js';

/** One image to train on, as far as plans and losses need it. */
export interface TrainingItem {
  readonly source: string;
  /** One a class; null where nothing is known. */
  readonly truth: readonly (0 | 1 | null)[];
  /** How much each truth counts in the loss, 0 to 1; all 1 if not given. */
  readonly weights?: readonly number[] | undefined;
  /** Where it stands in the draws of a recipe with `sampling`; not drawn if not given. */
  readonly pool?: SamplingPool | undefined;
}

type EpochSettings = Pick<Recipe, 'seed' | 'batch' | 'balance' | 'maxDraws' | 'sampling' | 'epochImages'>;

/**
 * The batches of an epoch: places of items, the same for the same seed and epoch. Without sampling every item comes once and the
 * rest that fills no batch is left out, as fastai does; another rest each epoch.
 *
 * @throws Fault dataset-invalid if no two images belong to a group of the recipe
 */
export function batchesOf(
  items: readonly TrainingItem[],
  { seed, batch, balance, maxDraws, sampling, epochImages }: EpochSettings,
  epoch: number,
): readonly (readonly number[])[] {
  const count = Math.min(epochImages ?? items.length, items.length * (maxDraws ?? Infinity));
  const draws = keyedRandom('order', seed, epoch);
  const order = sampling
    ? sampledByGroup(
        items.map(({ pool }) => pool),
        sampling,
        draws,
        { count, maxDraws },
      )
    : balance === 'class-sampling' || balance === 'source-sampling'
      ? sampled(items, balance, draws, maxDraws)
      : shuffled([...items.keys()], draws.next);
  if (sampling && order.length < 2)
    throw new Fault(
      'dataset-invalid',
      `expected images of the recipe's groups (${sampling.groups.map(({ name }) => name).join(', ')}), found ${order.length}`,
    );
  const size = Math.min(batch, order.length);
  return Array.from({ length: Math.floor(order.length / size) }, (_, index) => order.slice(index * size, (index + 1) * size));
}

/**
 * As many draws as items, each pool as often as every other, each pool dealt out in turns before it is shuffled anew; a pool that was
 * dealt out `maxDraws` times leaves its turns to the others.
 */
function sampled(
  items: readonly TrainingItem[],
  balance: 'class-sampling' | 'source-sampling',
  draws: ReturnType<typeof keyedRandom>,
  maxDraws = Infinity,
): readonly number[] {
  const pools = new Map<string, number[]>();
  items.forEach(({ source, truth }, index) => {
    const key = `${balance === 'source-sampling' ? source : ''}\u0000${truth.map(String).join()}`;
    pools.set(key, [...(pools.get(key) ?? []), index]);
  });
  const decks = [...pools]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, members]) => ({ members, left: [] as number[], turns: 0 }));
  const order: number[] = [];
  while (order.length < items.length) {
    for (const deck of shuffled(decks, draws.next)) {
      if (deck.left.length === 0) {
        if (deck.turns++ >= maxDraws) continue;
        deck.left = shuffled(deck.members, draws.next);
      }
      order.push(deck.left.pop()!);
    }
  }
  return order.slice(0, items.length);
}

/** What the outputs mean, with class weights if the recipe sets them. */
export function objectiveOf(
  items: readonly TrainingItem[],
  kind: Objective['kind'],
  { balance, labelSmoothing }: Pick<Recipe, 'balance' | 'labelSmoothing'>,
): Objective {
  const weights = balance === 'class-weights' ? { classWeights: classWeights(items, kind) } : {};
  return kind === 'one-of-many' ? { kind, ...(labelSmoothing > 0 ? { labelSmoothing } : {}), ...weights } : { kind, ...weights };
}

/**
 * One of many: `n / (classes · n of the class)`, scikit-learn's `balanced`, over the classes that there are; 1 for one without
 * images. Several: `absent / present`, the usual `pos_weight`, at most 20, so that three images do not rule a network.
 */
export function classWeights(items: readonly TrainingItem[], kind: Objective['kind']): readonly number[] {
  const outputs = items[0]?.truth.length ?? 0;
  const count = (output: number, truth: 0 | 1): number => items.filter((item) => item.truth[output] === truth).length;
  const present = Array.from({ length: outputs }, (_, output) => count(output, 1));
  if (kind === 'several')
    return present.map((positives, output) => (positives === 0 ? 1 : Math.min(count(output, 0) / positives || 1, 20)));
  const there = present.filter((positives) => positives > 0).length;
  return present.map((positives) => (positives === 0 ? 1 : items.length / (there * positives)));
}
