import * as tf from '@tensorflow/tfjs-core';
import { inputsOf, networkInputName, type Architecture, type LayerNode } from '../../network/architecture.js';
import type { NetworkWithWeights } from '../../network/network-with-weights.js';
import type { Tensors } from '../../network/safetensors.js';
import type { InputBatch, Prediction } from '../engine.js';
import { batchNormAffine, foldableLayers, foldIntoConv, type FoldableLayer } from '../onnx/inference/fold-into-conv.js';
import { activate, normaliseChannels } from './activations.js';
import { convolve } from './convolution.js';
import { gradCam, type LayerValues } from './grad-cam.js';
import { toActivations, toFilter } from './layout.js';
import { padForMaximum, pool } from './pooling.js';

/** A network on the backend of this process. Its weights stay there until it is released. */
export interface InferenceNetwork {
  predict(input: InputBatch): Promise<Prediction>;
  release(): void;
}

/** One layer with its weights on the backend. */
interface Step {
  readonly layer: LayerNode;
  readonly inputs: readonly string[];
  run(inputs: readonly tf.Tensor[]): tf.Tensor;
}

/** Batch norms and scales are folded into the convolutions before them where that is possible. */
export function inferenceNetwork({ architecture, tensors }: NetworkWithWeights): InferenceNetwork {
  const constants: tf.Tensor[] = [];
  const keepConstant = <T extends tf.Tensor>(tensor: T): T => (constants.push(tensor), tensor);
  const steps = compile(architecture, tensors, keepConstant);
  const head = new Set(
    architecture.layers.slice(architecture.layers.findIndex(({ name }) => name === architecture.featureMap)).map(({ name }) => name),
  );
  const lastReader = new Map(steps.flatMap(({ layer, inputs }) => inputs.map((name) => [name, layer.name])));

  const compute = (input: InputBatch) =>
    tf.tidy(() => {
      const values = new Map<string, tf.Tensor>([[networkInputName, toActivations(input)]]);
      for (const { layer, inputs, run } of steps) {
        values.set(
          layer.name,
          tf.tidy(() => run(inputs.map((name) => values.get(name)!))),
        );
        // tensors that no layer reads any more are disposed of at once; the head's values are what Grad-CAM goes back through
        for (const name of inputs) if (lastReader.get(name) === layer.name && !head.has(name)) values.get(name)!.dispose();
      }
      const output = (name: string): tf.Tensor2D => values.get(name) as tf.Tensor2D;
      return {
        logits: output(architecture.logits),
        embedding: output(architecture.embedding),
        maps: gradCam(architecture, tensors, values as LayerValues),
      };
    });

  return {
    predict: async (input) => {
      const { logits, embedding, maps } = compute(input);
      try {
        const [logitValues, embeddingValues, mapValues] = await Promise.all(
          [logits, embedding, maps].map(async (tensor) => (await tensor.data()) as Float32Array),
        );
        return {
          batch: input.batch,
          logits: logitValues!,
          outputs: architecture.outputs,
          embedding: embeddingValues!,
          features: architecture.features,
          activationMaps: mapValues!,
          mapHeight: maps.shape[2],
          mapWidth: maps.shape[3],
        };
      } finally {
        tf.dispose([logits, embedding, maps]);
      }
    },
    release: () => tf.dispose(constants),
  };
}

function compile(architecture: Architecture, tensors: Tensors, keepConstant: <T extends tf.Tensor>(tensor: T) => T): readonly Step[] {
  const folds = foldableLayers(architecture);
  const folded = new Set([...folds.values()].map(({ name }) => name));
  return architecture.layers
    .filter(({ name }) => !folded.has(name))
    .map((layer): Step => {
      const conv = folds.get(layer.name);
      if (!conv) return { layer, inputs: inputsOf(layer), run: layerFunction(layer, tensors, keepConstant) };
      const { weight, bias } = foldIntoConv(conv, layer as FoldableLayer, tensors);
      const filter = keepConstant(toFilter(conv, weight));
      const shift = keepConstant(tf.tensor1d(bias));
      return { layer, inputs: [conv.input], run: ([x]) => tf.add(convolve(conv, x as tf.Tensor4D, filter), shift) };
    });
}

function layerFunction(layer: LayerNode, tensors: Tensors, keepConstant: <T extends tf.Tensor>(tensor: T) => T): Step['run'] {
  switch (layer.kind) {
    case 'conv': {
      const filter = keepConstant(toFilter(layer, tensors.get(`${layer.name}.weight`)!));
      if (!layer.bias) return ([x]) => convolve(layer, x as tf.Tensor4D, filter);
      const bias = keepConstant(tf.tensor1d(tensors.get(`${layer.name}.bias`)!.data));
      return ([x]) => tf.add(convolve(layer, x as tf.Tensor4D, filter), bias);
    }
    case 'batch-norm': {
      const affine = batchNormAffine(layer, tensors);
      const [scale, shift] = [
        keepConstant(tf.tensor1d(Float32Array.from(affine.scale))),
        keepConstant(tf.tensor1d(Float32Array.from(affine.shift))),
      ];
      return ([x]) => tf.add(tf.mul(x!, scale), shift);
    }
    case 'relu':
      return ([x]) => rectify(x!, layer.ceiling);
    case 'max-pool':
      return ([x]) => pool(layer, padForMaximum(layer, x as tf.Tensor4D));
    case 'average-pool':
      return ([x]) => pool(layer, x as tf.Tensor4D);
    case 'global-average-pool':
      return ([x]) => tf.mean(x!, [1, 2]);
    case 'global-max-pool':
      return ([x]) => tf.max(x!, [1, 2]);
    case 'add':
      return ([one, other]) => tf.add(one!, other!);
    case 'concat':
      return (inputs) => tf.concat([...inputs], -1);
    case 'linear': {
      const { shape, data } = tensors.get(`${layer.name}.weight`)!;
      const weight = keepConstant(tf.tensor2d(data, shape as [number, number]));
      const bias = keepConstant(tf.tensor1d(tensors.get(`${layer.name}.bias`)!.data));
      return ([x]) => tf.add(tf.matMul(x!, weight, false, true), bias);
    }
    case 'dropout':
      return ([x]) => tf.clone(x!);
    case 'layer-norm': {
      const [weight, bias] = ['weight', 'bias'].map((part) => keepConstant(tf.tensor1d(tensors.get(`${layer.name}.${part}`)!.data)));
      return ([x]) => tf.add(tf.mul(normaliseChannels(x!, layer.epsilon).normalised, weight!), bias!);
    }
    case 'silu':
    case 'gelu':
    case 'sigmoid':
      return ([x]) => activate(layer.kind, x!);
    case 'spatial-mean':
      return ([x]) => tf.mean(x!, [1, 2], true);
    case 'gate':
      return ([x, factor]) => tf.mul(x!, factor!);
    case 'scale': {
      const factor = keepConstant(tf.tensor1d(tensors.get(`${layer.name}.layer_scale`)!.data));
      return ([x]) => tf.mul(x!, factor);
    }
  }
}

export function rectify(x: tf.Tensor, ceiling?: number): tf.Tensor {
  return ceiling === undefined ? tf.relu(x) : tf.clipByValue(x, 0, ceiling);
}
