import { architectureSpecSchema, type ArchitectureSpec } from './architecture-spec.js';
import { convnextTiny } from './convnext.js';
import { densenetPresets } from './densenet.js';
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
  'densenet-169',
  'densenet-201',
  'mobilenet-v2',
  'efficientnet-b0',
  'efficientnet-b1',
  'efficientnet-b2',
  'efficientnet-b3',
  'efficientnet-lite0',
  'efficientnet-lite1',
  'efficientnet-lite2',
  'convnext-tiny',
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
    case 'densenet-169':
    case 'densenet-201':
      return checked({ family: 'densenet', layers: densenetPresets[name], ...options });
    case 'mobilenet-v2':
      return checked({ family: 'mobilenet-v2', ...options });
    case 'efficientnet-b0':
    case 'efficientnet-b1':
    case 'efficientnet-b2':
    case 'efficientnet-b3':
    case 'efficientnet-lite0':
    case 'efficientnet-lite1':
    case 'efficientnet-lite2':
      return checked({ family: 'efficientnet', ...efficientnetPresets[name], ...options });
    case 'convnext-tiny':
      return checked({ family: 'convnext', ...convnextTiny, ...options });
  }
}

function checked(spec: object): ArchitectureSpec {
  return architectureSpecSchema.parse(spec);
}
