import type { ConvLayer } from '../../../network/architecture.js';
import { blockDomain } from './channel-blocks.js';
import type { NodeAttribute } from '../graph.js';
import type { TrainingScope } from './training-scope.js';

/**
 * Convolutions of every channel by itself, in channel blocks: the processor has kernels for them that take a block of channels at once.
 * Values are plain before and after. Turning them round and back included it is faster than in the plain layout (docs/reference/benchmarks.md).
 */
export function isDepthwiseInBlocks({ depthwiseBlock }: Pick<TrainingScope, 'depthwiseBlock'>, layer: ConvLayer): boolean {
  const { groups, inputChannels, outputChannels } = layer;
  return (
    depthwiseBlock !== undefined && groups > 1 && groups === inputChannels && groups === outputChannels && groups % depthwiseBlock === 0
  );
}

/**
 * @param value plain, [N, C, H, W]
 * @param filter [C, 1, kernel, kernel]
 * @param attributes of the convolution, without its groups
 * @returns plain
 */
export function depthwiseConv(
  scope: TrainingScope,
  value: string,
  filter: string,
  channels: number,
  attributes: Readonly<Record<string, NodeAttribute>>,
): string {
  return convInBlocks(scope, inBlocks(scope, value), filterInBlocks(scope, filter, channels), channels, attributes);
}

/**
 * Every channel of every picture of the one, moved over the same of the other.
 *
 * @param value plain, [N, C, H, W]
 * @param over plain, [N, C, h, w]: what is moved over the value, as a filter of this size
 * @returns plain, [1, N · C, rows, columns]
 */
export function depthwiseCorrelation(
  scope: TrainingScope,
  { value, height, width }: Plane,
  over: Plane,
  channels: number,
  attributes: Readonly<Record<string, NodeAttribute>>,
): string {
  const { onnx, batch } = scope;
  const planes = batch * channels;
  // the blocks of a batch are those of one picture with all its channels, and also those of a filter for each of them
  const pictures = onnx.node('Reshape', [inBlocks(scope, value), onnx.integers(1, planes, height, width)]);
  const filter = onnx.node('Reshape', [inBlocks(scope, over.value), onnx.integers(planes, 1, over.height, over.width)]);
  return convInBlocks(scope, pictures, filter, planes, attributes);
}

interface Plane {
  readonly value: string;
  readonly height: number;
  readonly width: number;
}

function convInBlocks(
  { onnx }: TrainingScope,
  value: string,
  filter: string,
  channels: number,
  attributes: Readonly<Record<string, NodeAttribute>>,
): string {
  const made = onnx.node('Conv', [value, filter], { domain: blockDomain, attributes: { ...attributes, group: channels } });
  return onnx.node('ReorderOutput', [made], { domain: blockDomain, attributes: { channels } });
}

/** Turned round once, for the convolution and its gradients. */
function inBlocks({ onnx, kept }: TrainingScope, value: string): string {
  const key = `blocks:${value}`;
  const made = kept.get(key) ?? onnx.node('ReorderInput', [value], { domain: blockDomain });
  kept.set(key, made);
  return made;
}

/** [C / block, kernel², block], under the shape of a filter. */
function filterInBlocks({ onnx, depthwiseBlock }: TrainingScope, filter: string, channels: number): string {
  const rows = onnx.node('Reshape', [filter, onnx.integers(channels / depthwiseBlock!, depthwiseBlock!, -1)]);
  const turned = onnx.node('Transpose', [rows], { attributes: { perm: [0, 2, 1] } });
  return onnx.node('Reshape', [turned, onnx.node('Shape', [filter])]);
}
