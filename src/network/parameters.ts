import type { Architecture, LayerNode } from './architecture.js';

/** A tensor that an architecture needs, under the name it has in torchvision's `state_dict`. */
export interface ParameterSpecification {
  readonly name: string;
  readonly shape: readonly number[];
  /** Buffers (batch-norm statistics) are measured, not learned. */
  readonly role: 'parameter' | 'buffer';
}

/** Every tensor of an architecture, in torchvision's order. */
export function parametersOf(architecture: Architecture): readonly ParameterSpecification[] {
  return architecture.layers.flatMap(layerParameters);
}

/** The number of learned values, as PyTorch counts them (`sum(p.numel() for p in model.parameters())`). */
export function parameterCount(architecture: Architecture): number {
  return parametersOf(architecture)
    .filter(({ role }) => role === 'parameter')
    .reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
}

export function layerParameters(layer: LayerNode): readonly ParameterSpecification[] {
  const tensor = (suffix: string, shape: readonly number[], role: 'parameter' | 'buffer' = 'parameter') => ({
    name: `${layer.name}.${suffix}`,
    shape,
    role,
  });
  switch (layer.kind) {
    case 'conv':
      return [
        tensor(
          'weight',
          layer.flat
            ? [layer.outputChannels, layer.inputChannels]
            : [layer.outputChannels, layer.inputChannels / layer.groups, layer.kernel, layer.kernel],
        ),
        ...(layer.bias ? [tensor('bias', [layer.outputChannels])] : []),
      ];
    case 'layer-norm':
      return [tensor('weight', [layer.channels]), tensor('bias', [layer.channels])];
    case 'scale':
      return [tensor('layer_scale', [layer.channels, 1, 1])];
    case 'linear':
      return [tensor('weight', [layer.outputFeatures, layer.inputFeatures]), tensor('bias', [layer.outputFeatures])];
    case 'batch-norm':
      return [
        tensor('weight', [layer.channels]),
        tensor('bias', [layer.channels]),
        tensor('running_mean', [layer.channels], 'buffer'),
        tensor('running_var', [layer.channels], 'buffer'),
      ];
    default:
      return [];
  }
}
