import { networkInputName, type Architecture, type LayerNode } from './architecture.js';
import { placesAlong } from './conv-padding.js';

/** What one example is at a place in the network; pooled vectors are 1 × 1. */
export interface LayerSize {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/**
 * The size of every layer's output, and of `input`, for pictures of the given size.
 *
 * @throws RangeError if the picture is so small that a layer would yield nothing
 */
export function layerSizes(architecture: Architecture, height: number, width: number): ReadonlyMap<string, LayerSize> {
  const sizes = new Map<string, LayerSize>([[networkInputName, { channels: architecture.inputChannels, height, width }]]);
  for (const layer of architecture.layers) {
    const size = layerSize(layer, (name) => sizes.get(name)!);
    if (size.height < 1 || size.width < 1) throw new RangeError(`a picture of ${width} × ${height} leaves nothing at ${layer.name}`);
    sizes.set(layer.name, size);
  }
  return sizes;
}

function layerSize(layer: LayerNode, of: (name: string) => LayerSize): LayerSize {
  switch (layer.kind) {
    case 'conv':
    case 'max-pool':
    case 'average-pool': {
      const { channels, height, width } = of(layer.input);
      return {
        channels: layer.kind === 'conv' ? layer.outputChannels : channels,
        height: placesAlong(layer, height),
        width: placesAlong(layer, width),
      };
    }
    case 'global-average-pool':
    case 'global-max-pool':
    case 'spatial-mean':
      return { channels: of(layer.input).channels, height: 1, width: 1 };
    case 'linear':
      return { channels: layer.outputFeatures, height: 1, width: 1 };
    case 'add':
    case 'gate':
      return of(layer.inputs[0]);
    case 'concat':
      return { ...of(layer.inputs[0]!), channels: layer.inputs.reduce((sum, name) => sum + of(name).channels, 0) };
    case 'batch-norm':
    case 'relu':
    case 'layer-norm':
    case 'silu':
    case 'gelu':
    case 'sigmoid':
    case 'scale':
    case 'dropout':
      return of(layer.input);
  }
}
