import { architectureSpecSchema, type ArchitectureSpec } from './architecture-spec.js';
import { densenet121Layers } from './densenet.js';
import { efficientnetPresets } from './efficientnet.js';
import type { Head } from './head.js';
import { resnetPresets } from './resnet.js';

/** Networks by name: the small one that ships, and those of torchvision. */
export const networkPresets = [
  'starter',
  'resnet-18',
  'resnet-34',
  'resnet-50',
  'densenet-121',
  'mobilenet-v2',
  'efficientnet-lite0',
  'efficientnet-lite1',
  'efficientnet-lite2',
] as const;

export type NetworkPreset = (typeof networkPresets)[number];

export interface PresetOptions {
  readonly inputChannels: number;
  readonly outputs: number;
  readonly head: Head;
}

export function networkPreset(name: NetworkPreset, options: PresetOptions): ArchitectureSpec {
  switch (name) {
    case 'starter':
      return checked({
        family: 'resnet',
        block: 'basic',
        layers: [1, 1, 1, 1],
        widths: [32, 64, 128, 192],
        strides: [1, 2, 2, 1],
        ...options,
      });
    case 'resnet-18':
    case 'resnet-34':
    case 'resnet-50':
      return checked({ family: 'resnet', ...resnetPresets[name], widths: [64, 128, 256, 512], strides: [1, 2, 2, 2], ...options });
    case 'densenet-121':
      return checked({ family: 'densenet', layers: densenet121Layers, ...options });
    case 'mobilenet-v2':
      return checked({ family: 'mobilenet-v2', ...options });
    case 'efficientnet-lite0':
    case 'efficientnet-lite1':
    case 'efficientnet-lite2':
      return checked({ family: 'efficientnet', ...efficientnetPresets[name], ...options });
  }
}

function checked(spec: object): ArchitectureSpec {
  return architectureSpecSchema.parse(spec);
}
