import { PictureWorkers } from '../dataset/picture-workers.js';
import { prefetched } from '../dataset/prefetch.js';
import { Fault } from '../errors.js';
import { batchesOf } from './epoch-plan.js';
import { divergenceFactor, rateRange, searchRate, SmoothedLoss, suggestRates, type RateLoss, type RateSuggestions } from './lr-finder.js';
import type { Stage } from './recipe.js';
import { settingOf, trainerOptions } from './run-stage.js';
import { layerGroupRates } from './schedule.js';
import type { TrainingRun } from './training-run.js';

export interface RateSearch {
  readonly found: readonly RateLoss[];
  /** Not given where the search ended too soon. */
  readonly suggestions?: RateSuggestions;
}

/** fastai trains with its first momentum all through the search. */
const momentum = 0.95;

/**
 * fastai's `lr_find`: trains for a hundred batches with a rate that rises from 1e-7 to 10, or until the smoothed loss is four times
 * the best. Nothing of it is kept: the run's first weights stay as they are, and nothing is written.
 */
export async function findRate(
  run: Omit<TrainingRun, 'directory'>,
  what: Stage['what'] = 'all',
  onBatch?: (done: number, total: number) => void,
): Promise<RateSearch> {
  const stage: Stage = { what, epochs: 1, rate: 1 };
  const workers = new PictureWorkers(run.workers);
  const whole: TrainingRun = { ...run, directory: '' };
  try {
    const setting = await settingOf(whole, stage, run.initial, workers);
    const trainer = await run.engine.startTrainer(
      trainerOptions(whole, stage, setting, { tensors: run.initial, step: 0, optimizer: new Map() }),
    );
    try {
      const epochs = Math.ceil(rateRange.batches / batchesOf(run.train, run.recipe, 0).length);
      const plan = Array.from({ length: epochs }, (_, epoch) =>
        batchesOf(run.train, run.recipe, epoch).map((members, index) => ({ members, epoch, index })),
      )
        .flat()
        .slice(0, rateRange.batches);
      const smoother = SmoothedLoss.begin();
      const found: RateLoss[] = [];
      let best = Infinity;
      const make = (index: number): ReturnType<typeof setting.makeBatch> =>
        setting.makeBatch(plan[index]!.members, plan[index]!.epoch, plan[index]!.index * plan[index]!.members.length);
      for await (const input of prefetched(0, plan.length, make)) {
        run.signal?.throwIfAborted();
        const learningRate = searchRate(found.length);
        const { members, epoch, index } = plan[found.length]!;
        const loss = await trainer
          .step(
            { input, ...setting.makeTargets(members, epoch, index * members.length) },
            { learningRates: layerGroupRates(setting.groups.length, learningRate, learningRate), momentum },
          )
          .then((result) => result.loss, endOfSearch);
        const smoothed = smoother.add(loss);
        if (!Number.isFinite(smoothed)) break;
        found.push({ learningRate, loss: smoothed });
        best = Math.min(best, smoothed);
        onBatch?.(found.length, plan.length);
        if (smoothed > divergenceFactor * best) break;
      }
      const suggestions = suggestRates(found);
      return { found, ...(suggestions ? { suggestions } : {}) };
    } finally {
      await trainer.release();
    }
  } finally {
    await workers.close();
  }
}

/** That the loss explodes is what the search looks for. */
function endOfSearch(error: unknown): number {
  if (error instanceof Fault && error.code === 'training-diverged') return NaN;
  throw error;
}
