import { Fault } from '../errors.js';
import { checkWeights } from '../network/check-weights.js';
import { layerSizes } from '../network/layer-sizes.js';
import { lossTerms } from './loss-terms.js';
import type { StepRates, TrainerOptions, TrainingBatch } from './trainer.js';
import { trainingPlan } from './training-plan.js';

/**
 * The checks of a trainer's options that every engine makes before it starts anything.
 *
 * @throws Fault 'model-invalid' naming tensor, expected and found shape; RangeError for other options that cannot be meant
 */
export function checkTrainer(options: TrainerOptions): void {
  const {
    network: { architecture, tensors },
    objective,
    batch,
    height,
    width,
    resume,
  } = options;
  checkWeights(architecture, tensors);
  const plan = trainingPlan(architecture, options);
  const sizes = layerSizes(architecture, height, width);
  whole('batch', batch);
  checkClassWeights(objective.classWeights, architecture.outputs);
  const smoothing = objective.kind === 'one-of-many' ? (objective.labelSmoothing ?? 0) : 0;
  if (!(smoothing >= 0 && smoothing < 1)) throw new RangeError(`expected a label smoothing from 0 to below 1, found ${smoothing}`);
  for (const layer of architecture.layers) {
    const { height: rows, width: columns } = sizes.get(layer.name)!;
    if (plan.batchStatistics(layer) && batch * rows * columns < 2)
      throw new RangeError(`batch norm ${layer.name} needs more than one value a channel: a batch of ${batch} is too small`);
  }
  if (!resume) return;
  checkWeights(architecture, resume.tensors, { source: 'state of the trainer' });
  for (const { name, shape } of plan.trained) {
    for (const part of ['expAvg', 'expAvgSq']) {
      const found = resume.optimizer.get(`${name}.${part}`)?.shape;
      if (found?.join() !== shape.join())
        throw new Fault(
          'model-invalid',
          `tensor ${name}.${part}: expected shape [${shape.join(', ')}], found ${found ? `[${found.join(', ')}]` : 'none'}`,
          { source: 'state of the trainer' },
        );
    }
  }
}

/** @throws RangeError if batch or rates do not fit the trainer */
export function checkTrainingBatch(
  { network: { architecture }, objective, batch, height, width, layerGroups }: TrainerOptions,
  given: TrainingBatch,
  rates: StepRates,
): void {
  const { input } = given;
  const expected = [batch, architecture.inputChannels, height, width];
  const found = [input.batch, input.channels, input.height, input.width];
  if (found.join() !== expected.join()) throw new RangeError(`the trainer takes [${expected.join(', ')}], found [${found.join(', ')}]`);
  const count = expected.reduce((product, size) => product * size, 1);
  if (input.data.length !== count) throw new RangeError(`expected ${count} values, found ${input.data.length}`);
  lossTerms(objective, given, architecture.outputs);
  const { learningRates, momentum } = rates;
  if (learningRates.length !== layerGroups.length || !learningRates.every((rate) => rate >= 0 && Number.isFinite(rate))) {
    throw new RangeError(`expected ${layerGroups.length} learning rates of 0 or more, found [${learningRates.join(', ')}]`);
  }
  if (!(momentum >= 0 && momentum < 1)) throw new RangeError(`expected a momentum from 0 to below 1, found ${momentum}`);
}

function checkClassWeights(classWeights: readonly number[] | undefined, outputs: number): void {
  if (!classWeights) return;
  if (classWeights.length !== outputs)
    throw new RangeError(`expected ${outputs} class weights, one for each output, found ${classWeights.length}`);
  if (!classWeights.every((weight) => weight >= 0 && Number.isFinite(weight)))
    throw new RangeError(`expected class weights of 0 or more, found [${classWeights.join(', ')}]`);
}

function whole(what: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`expected a ${what} of 1 or more, found ${value}`);
}
