import type { ArchitectureSpec } from './architecture-spec.js';
import { densenetPresets } from './densenet.js';
import { torchvisionNames } from './published-names.js';
import { resnetPresets } from './resnet.js';
import type { Tensor, Tensors } from './safetensors.js';

export type NamingScheme = 'torchvision' | 'timm' | 'torchxrayvision' | 'MONAI' | 'fastai' | 'efficientnet_pytorch';

export interface ArchitectureCandidate {
  readonly name: string;
  readonly spec: ArchitectureSpec;
  readonly scheme: NamingScheme;
  readonly names: ReadonlyMap<string, string | undefined>;
  readonly zeros: readonly string[];
}

export interface ArchitectureDetection {
  readonly candidates: readonly ArchitectureCandidate[];
  readonly problem?: string;
}

/** ResNet and DenseNet under torchvision's names. */
export function architecturesByNames(shapes: ReadonlyMap<string, readonly number[]>): ArchitectureDetection {
  const names = torchvisionNames(shapes.keys());
  const own = new Map([...names].flatMap(([name, known]) => (known === undefined ? [] : [[known, shapes.get(name)!] as const])));
  const outputs = (own.get('classifier.weight') ?? own.get('fc.weight'))?.[0];
  const found = (name: string, spec: ArchitectureSpec): ArchitectureDetection => ({
    candidates: [{ name, spec, scheme: 'torchvision', names, zeros: [] }],
  });
  if (outputs !== undefined && own.has('features.conv0.weight')) {
    const layers: number[] = [];
    for (const name of own.keys()) {
      const [, block, layer] = /^features\.denseblock(\d+)\.denselayer(\d+)\.norm1\.weight$/.exec(name) ?? [];
      if (block) layers[Number(block) - 1] = Math.max(layers[Number(block) - 1] ?? 0, Number(layer));
    }
    const head = 'torchvision' as const;
    const inputChannels = own.get('features.conv0.weight')![1]!;
    return found(layers.join() === densenetPresets['densenet-121'].join() ? 'densenet-121' : 'densenet', {
      family: 'densenet',
      layers,
      inputChannels,
      outputs,
      head,
    });
  }
  if (outputs !== undefined && own.has('conv1.weight')) {
    const layers = [1, 2, 3, 4].map(
      (stage) => [...own.keys()].filter((name) => new RegExp(`^layer${stage}\\.\\d+\\.conv1\\.weight$`).test(name)).length,
    );
    const block = own.has('layer1.0.conv3.weight') ? 'bottleneck' : 'basic';
    const [name] = Object.entries(resnetPresets).find(([, preset]) => preset.block === block && preset.layers.join() === layers.join()) ?? [
      'resnet',
    ];
    const inputChannels = own.get('conv1.weight')![1]!;
    return found(name, {
      family: 'resnet',
      block,
      layers,
      widths: [64, 128, 256, 512],
      strides: [1, 2, 2, 2],
      inputChannels,
      outputs,
      head: 'torchvision',
    });
  }
  return { candidates: [], problem: 'expected the tensors of a known architecture, found others' };
}

/** The tensors under own names. */
export function tensorsOfCandidate({ names }: ArchitectureCandidate, tensors: Tensors): Tensors {
  return new Map(
    [...tensors].flatMap(([name, tensor]): [string, Tensor][] => {
      const own = names.get(name);
      return own === undefined ? [] : [[own, tensor]];
    }),
  );
}
