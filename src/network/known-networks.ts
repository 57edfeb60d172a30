import type { ArchitectureSpec } from './architecture-spec.js';
import type { FamilyNames } from './naming-schemes.js';
import { networkPreset, networkPresets, type NetworkPreset } from './presets.js';

/** A network whose tensors can be told by names and shapes; channels and outputs as they come. */
export interface KnownNetwork {
  readonly name: string;
  readonly spec: ArchitectureSpec;
}

/** The networks of a family. Where the names leave it open, both ways of padding: timm publishes both under the same names. */
export function knownNetworks({ family, scheme }: Pick<FamilyNames, 'family' | 'scheme'>): readonly KnownNetwork[] {
  return networkPresets.flatMap((name): readonly KnownNetwork[] => {
    const spec = networkPreset(name, { inputChannels: 1, outputs: 1, head: 'torchvision' });
    if (spec.family !== family) return [];
    if (spec.family !== 'efficientnet') return [{ name, spec }];
    return paddings(name, scheme).map((padding) => ({
      name: padding === 'same' ? `${name}-same` : name,
      spec: { ...spec, padding, epsilon: padding === 'same' ? 1e-3 : 1e-5 },
    }));
  });
}

/** torchvision pads alike on all sides; efficientnet_pytorch and Lite under torchvision's names, which only this software writes, as TensorFlow does. */
function paddings(name: NetworkPreset, scheme: FamilyNames['scheme']): readonly ('symmetric' | 'same')[] {
  if (scheme === 'timm') return ['symmetric', 'same'];
  return scheme === 'efficientnet_pytorch' || name.startsWith('efficientnet-lite') ? ['same'] : ['symmetric'];
}
