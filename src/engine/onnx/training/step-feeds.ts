import { Tensor } from 'onnxruntime-node';
import type { DropoutLayer } from '../../../network/architecture.js';
import { dropoutMask } from '../../../network/dropout-mask.js';
import { layerSizes } from '../../../network/layer-sizes.js';
import { lossTerms } from '../../loss-terms.js';
import type { TrainerOptions, TrainingBatch } from '../../trainer.js';
import { dropoutInput } from './training-forward.js';
import { trainingNames } from './training-names.js';

/** What a training graph is fed with in each step besides weights: pictures, the terms of the loss, masks of dropout. */
export type StepFeeds = (given: TrainingBatch, step: number) => Readonly<Record<string, Tensor>>;

export function stepFeeds({ network: { architecture }, objective, batch, height, width, seed }: TrainerOptions): StepFeeds {
  const sizes = layerSizes(architecture, height, width);
  const dropouts = architecture.layers.filter((layer): layer is DropoutLayer => layer.kind === 'dropout');
  return (given, step) => {
    const terms = lossTerms(objective, given, architecture.outputs);
    const masks = dropouts.map(({ name, rate }) => {
      const { channels } = sizes.get(name)!;
      return [dropoutInput(name), floatTensor(dropoutMask(seed, name, step, batch * channels, rate), [batch, channels])] as const;
    });
    return {
      [trainingNames.input]: floatTensor(given.input.data, [batch, architecture.inputChannels, height, width]),
      [trainingNames.positive]: floatTensor(terms.positive, [batch, architecture.outputs]),
      ...(objective.kind === 'several' ? { [trainingNames.negative]: floatTensor(terms.negative, [batch, architecture.outputs]) } : {}),
      ...Object.fromEntries(masks),
    };
  };
}

export function floatTensor(data: Float32Array, shape: readonly number[]): Tensor {
  return new Tensor('float32', data, shape);
}
