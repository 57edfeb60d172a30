import type { ConvLayer, PoolLayer } from '../../network/architecture.js';
import { paddingAlong } from '../../network/conv-padding.js';
import type { LayerSize } from '../../network/layer-sizes.js';
import type { NodeAttribute } from './graph.js';

/**
 * Kernel, stride, padding (and groups) as ONNX has them.
 *
 * @param size of the input where it is known; else padding that depends on it is left to the runtime
 */
export function layerAttributes(
  layer: ConvLayer | PoolLayer<'max-pool'> | PoolLayer<'average-pool'>,
  size?: LayerSize,
): Readonly<Record<string, NodeAttribute>> {
  const { kernel, stride } = layer;
  const window = { kernel_shape: [kernel, kernel], strides: [stride, stride] };
  const attributes = { ...window, ...paddingAttribute(layer, size) };
  return layer.kind === 'conv' ? { ...attributes, group: layer.groups } : attributes;
}

function paddingAttribute(
  layer: ConvLayer | PoolLayer<'max-pool' | 'average-pool'>,
  size?: LayerSize,
): Readonly<Record<string, NodeAttribute>> {
  const { padding } = layer;
  if (padding !== 'same') return { pads: [padding, padding, padding, padding] };
  if (size === undefined) return { auto_pad: 'SAME_UPPER' };
  const [[top, bottom], [left, right]] = [paddingAlong(layer, size.height), paddingAlong(layer, size.width)];
  return { pads: [top, left, bottom, right] };
}
