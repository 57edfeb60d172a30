import {
  inputsOf,
  type AddLayer,
  type BatchNormLayer,
  type ConcatLayer,
  type LayerNode,
  type PoolLayer,
  type ReluLayer,
} from '../../../network/architecture.js';
import { emitActivation } from './activations.js';
import { blockedConv, blockedStem, isBlockedConv, isBlockedStem } from './blocked-conv.js';
import { channelAffine } from './channel-affine.js';
import { blockDomain } from './channel-blocks.js';
import { gate, scaled, spatialMean } from './channel-factors.js';
import { channelMeans, channelStatistics } from './channel-statistics.js';
import { depthwiseConv, isDepthwiseInBlocks } from './depthwise-conv.js';
import { layerAttributes } from '../layer-attributes.js';
import { layerNorm } from './layer-norm.js';
import { maxPool } from './max-pool.js';
import { emitSlope } from './slopes.js';
import { valueShape, type ChannelAffine, type TrainingScope } from './training-scope.js';

/** A layer in training mode: its value, and what its gradient will want to know. */
export function emitForward(scope: TrainingScope, layer: LayerNode): void {
  const made = forward(scope, layer);
  if (typeof made === 'string') scope.values.set(layer.name, made);
  else scope.deferred.set(layer.name, made);
  emitSlope(scope, layer);
}

function forward(scope: TrainingScope, layer: LayerNode): string | ChannelAffine {
  const { onnx } = scope;
  const tensor = (part: string): string => scope.tensor(`${layer.name}.${part}`);
  switch (layer.kind) {
    case 'conv':
      if (isBlockedConv(scope, layer)) return blockedConv(scope, layer);
      if (isBlockedStem(scope, layer)) return blockedStem(scope, layer);
      if (isDepthwiseInBlocks(scope, layer) && !layer.bias)
        return depthwiseConv(
          scope,
          scope.plain(layer.input),
          tensor('weight'),
          layer.outputChannels,
          layerAttributes(layer, scope.sizes.get(layer.input)!),
        );
      return onnx.node('Conv', [scope.plain(layer.input), tensor('weight'), ...(layer.bias ? [tensor('bias')] : [])], {
        attributes: layerAttributes(layer, scope.sizes.get(layer.input)!),
      });
    case 'batch-norm':
      return scope.plan.batchStatistics(layer)
        ? normalise(scope, layer)
        : onnx.node(
            'BatchNormalization',
            [scope.plain(layer.input), tensor('weight'), tensor('bias'), tensor('running_mean'), tensor('running_var')],
            { attributes: { epsilon: { float: layer.epsilon } } },
          );
    case 'relu':
      return rectify(scope, layer);
    case 'max-pool':
      return maxPool(scope, layer);
    case 'average-pool':
      return pool(scope, layer);
    case 'global-average-pool':
      return onnx.node('Flatten', [channelMeans(scope, scope.value(layer.input))]);
    case 'global-max-pool':
      return onnx.node('Flatten', [maxPool(scope, layer)]);
    case 'add':
      return sum(scope, layer);
    case 'concat':
      return concatenate(scope, layer);
    case 'linear':
      return onnx.node('Gemm', [scope.plain(layer.input), tensor('weight'), tensor('bias')], { attributes: { transB: 1 } });
    case 'layer-norm':
      return layerNorm(scope, layer);
    case 'silu':
    case 'gelu':
    case 'sigmoid':
      return emitActivation(scope, layer);
    case 'spatial-mean':
      return spatialMean(scope, layer);
    case 'gate':
      return gate(scope, layer);
    case 'scale':
      return scaled(scope, layer);
    case 'dropout': {
      const mask = onnx.input(dropoutInput(layer.name), valueShape(scope, layer.name));
      scope.kept.set(layer.name, mask);
      return onnx.node('Mul', [scope.plain(layer.input), mask]);
    }
  }
}

/** Name of the graph's input for the mask of a dropout layer. */
export const dropoutInput = (layer: string): string => `mask:${layer}`;

/**
 * Batch norm with the batch's own mean and (biased) variance (Ioffe & Szegedy 2015, arXiv 1502.03167), as `scale · x + shift`.
 * It is not written down here: a ReLU or an addition that follows takes it into its own pass.
 */
function normalise(scope: TrainingScope, layer: BatchNormLayer): ChannelAffine {
  const { onnx } = scope;
  const { mean, variance } = channelStatistics(scope, layer.input);
  const inverse = onnx.node('Reciprocal', [onnx.node('Sqrt', [onnx.node('Add', [variance, onnx.floats([layer.epsilon], [])])])]);
  scope.statistics.set(layer.name, { mean, variance, inverse });
  const flat = (value: string): string => onnx.node('Reshape', [value, onnx.integers(layer.channels)]);
  const scale = onnx.node('Mul', [scope.tensor(`${layer.name}.weight`), flat(inverse)]);
  const shift = onnx.node('Sub', [scope.tensor(`${layer.name}.bias`), onnx.node('Mul', [flat(mean), scale])]);
  return { value: scope.value(layer.input), channels: layer.channels, scale, shift };
}

/** The batch norm before this layer, if no other layer reads it. */
function takeDeferred(scope: TrainingScope, name: string): ChannelAffine | undefined {
  const affine = scope.deferred.get(name);
  if (!affine || scope.architecture.layers.filter((layer) => inputsOf(layer).includes(name)).length !== 1) return undefined;
  scope.deferred.delete(name);
  return affine;
}

function rectify(scope: TrainingScope, { input, ceiling }: ReluLayer): string {
  const { onnx, layouts } = scope;
  if (ceiling !== undefined) return onnx.node('Clip', [scope.plain(input), onnx.floats([0], []), onnx.floats([ceiling], [])]);
  const affine = takeDeferred(scope, input);
  return affine ? channelAffine(scope, affine, true) : layouts.eachValue('Relu', [scope.value(input)]);
}

function sum(scope: TrainingScope, { inputs }: AddLayer): string | ChannelAffine {
  const [first, second] = inputs;
  for (const [name, other] of [
    [first, second],
    [second, first],
  ] as const) {
    if (scope.deferred.get(name)?.plus !== undefined) continue;
    const affine = takeDeferred(scope, name);
    if (affine) return { ...affine, plus: scope.value(other) };
  }
  return scope.layouts.eachValue('Add', inputs.map(scope.value));
}

function pool(scope: TrainingScope, layer: PoolLayer<'average-pool'>): string {
  const { onnx, layouts } = scope;
  const input = scope.value(layer.input);
  const attributes = layerAttributes(layer);
  if (!layouts.isBlocked(input)) return onnx.node('AveragePool', [input], { attributes });
  return layouts.mark(onnx.node('AveragePool', [input], { domain: blockDomain, attributes }), scope.sizes.get(layer.name)!.channels);
}

function concatenate(scope: TrainingScope, { name, inputs }: ConcatLayer): string {
  const { onnx, layouts, sizes } = scope;
  const values = inputs.map(scope.value);
  const inBlocks = values.every(layouts.isBlocked);
  const made = onnx.node('Concat', inBlocks ? values : values.map(layouts.plain), { attributes: { axis: 1 } });
  return inBlocks ? layouts.mark(made, sizes.get(name)!.channels) : made;
}
