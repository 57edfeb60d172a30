import type { ConvLayer, PoolLayer } from '../../network/architecture.js';
import type { NodeAttribute } from './graph.js';

/** Kernel, stride, padding (and groups) as ONNX has them. */
export function layerAttributes(
  layer: ConvLayer | PoolLayer<'max-pool'> | PoolLayer<'average-pool'>,
): Readonly<Record<string, NodeAttribute>> {
  const { kernel, stride, padding } = layer;
  const attributes = { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [padding, padding, padding, padding] };
  return layer.kind === 'conv' ? { ...attributes, group: layer.groups } : attributes;
}
