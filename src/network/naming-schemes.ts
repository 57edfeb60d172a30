import type { ArchitectureSpec } from './architecture-spec.js';
import { efficientnetName, isTimmEfficientnet } from './efficientnet-names.js';
import { oldDenseLayer, timmMobilenetName } from './published-names.js';

export type NamingScheme = 'torchvision' | 'timm' | 'torchxrayvision' | 'MONAI' | 'fastai' | 'efficientnet_pytorch';

/** How a library names the tensors of one family of networks. */
export interface FamilyNames {
  readonly scheme: NamingScheme;
  readonly family: ArchitectureSpec['family'];
  /** What stands before the names: wrappers (`module.`, `model.`, `backbone.`), places in a Sequential (`0.`). */
  readonly prefix: string;
  /** The own name for a name without the prefix; some name that no tensor has for one that is not the network's. */
  ownName(name: string): string;
}

interface Pattern {
  readonly scheme: NamingScheme;
  readonly family: ArchitectureSpec['family'];
  /** Matches one tensor that every network of the family has under these names: group 1 is the prefix. */
  readonly anchor: RegExp;
  /** @param names without the prefix; undefined if the family is another one */
  ownNames(names: readonly string[]): ((name: string) => string) | undefined;
}

/** Of `nn.Sequential(*list(resnet.children())[:-2])`, as fastai and many Lightning modules cut a ResNet. */
const resnetChildren: Readonly<Record<string, string>> = { 0: 'conv1', 1: 'bn1', 4: 'layer1', 5: 'layer2', 6: 'layer3', 7: 'layer4' };

function childName(name: string): string {
  const [child, ...rest] = name.split('.');
  return resnetChildren[child!] === undefined ? `other.${name}` : [resnetChildren[child!]!, ...rest].join('.');
}

const underFeatures = (name: string): string => `features.${name}`;

const patterns: readonly Pattern[] = [
  { scheme: 'torchvision', family: 'resnet', anchor: /^(|.*\.)layer1\.0\.conv1\.weight$/, ownNames: () => (name) => name },
  { scheme: 'fastai', family: 'resnet', anchor: /^(|.*\.)4\.0\.conv1\.weight$/, ownNames: () => childName },
  {
    scheme: 'MONAI',
    family: 'densenet',
    anchor: /^(|.*\.)denseblock1\.denselayer1\.layers\.conv1\.weight$/,
    ownNames: () => (name) => underFeatures(name.replace('.layers.', '.')),
  },
  {
    scheme: 'torchvision',
    family: 'densenet',
    anchor: /^(|.*\.)denseblock1\.denselayer1\.conv\.?1\.weight$/,
    ownNames: () => (name) => underFeatures(name.replace(oldDenseLayer, '$1$2')),
  },
  { scheme: 'torchvision', family: 'mobilenet-v2', anchor: /^(|.*\.)1\.conv\.0\.0\.weight$/, ownNames: () => underFeatures },
  { scheme: 'torchvision', family: 'efficientnet', anchor: /^(|.*\.)1\.0\.block\.0\.0\.weight$/, ownNames: () => underFeatures },
  { scheme: 'torchvision', family: 'convnext', anchor: /^(|.*\.)1\.0\.layer_scale$/, ownNames: () => underFeatures },
  {
    scheme: 'timm',
    family: 'mobilenet-v2',
    anchor: /^(|.*\.)conv_stem\.weight$/,
    ownNames: (names) => (isTimmEfficientnet(names) ? undefined : timmMobilenetName),
  },
  {
    scheme: 'timm',
    family: 'efficientnet',
    anchor: /^(|.*\.)conv_stem\.weight$/,
    ownNames: (names) => (isTimmEfficientnet(names) ? efficientnetName(names) : undefined),
  },
  { scheme: 'efficientnet_pytorch', family: 'efficientnet', anchor: /^(|.*\.)_conv_stem\.weight$/, ownNames: efficientnetName },
  { scheme: 'timm', family: 'convnext', anchor: /^(|.*\.)stages\.0\.blocks\.0\.gamma$/, ownNames: () => timmConvnextName },
];

/** More networks in one file than these are as wrong as two. */
const maxPrefixes = 4;

/** Every way in which the tensors are those of a known family. */
export function familiesByNames(names: readonly string[]): readonly FamilyNames[] {
  return patterns.flatMap(({ scheme, family, anchor, ownNames }) =>
    names
      .flatMap((name) => anchor.exec(name)?.[1] ?? [])
      .slice(0, maxPrefixes)
      .flatMap((prefix) => {
        const bare = names.filter((one) => one.startsWith(prefix)).map((one) => one.slice(prefix.length));
        const ownName = ownNames(bare);
        return ownName === undefined ? [] : [{ scheme, family, prefix, ownName }];
      }),
  );
}

/** Modules of timm's blocks (`timm/models/convnext.py`) by their places in torchvision's. */
const convnextModules: Readonly<Record<string, string>> = {
  conv_dw: 'block.0',
  norm: 'block.2',
  'mlp.fc1': 'block.3',
  'mlp.fc2': 'block.5',
};

function timmConvnextName(name: string): string {
  const [, stem, ofStem] = /^stem\.([01])\.(\w+)$/.exec(name) ?? [];
  if (stem !== undefined) return `features.0.${stem}.${ofStem}`;
  const [, head, ofHead] = /^head\.(norm|fc)\.(\w+)$/.exec(name) ?? [];
  if (head !== undefined) return `classifier.${head === 'norm' ? 0 : 2}.${ofHead}`;
  const [, stage, rest] = /^stages\.(\d+)\.(.*)$/.exec(name) ?? [];
  if (stage === undefined) return `other.${name}`;
  const [, place, part] = /^downsample\.([01])\.(\w+)$/.exec(rest!) ?? [];
  if (place !== undefined) return `features.${2 * Number(stage)}.${place}.${part}`;
  const [, block, module, tensor] = /^blocks\.(\d+)\.(?:(conv_dw|norm|mlp\.fc[12])\.)?(\w+)$/.exec(rest!) ?? [];
  const own = `features.${2 * Number(stage) + 1}.${block}`;
  if (module !== undefined) return `${own}.${convnextModules[module]}.${tensor}`;
  return tensor === 'gamma' ? `${own}.layer_scale` : `other.${name}`;
}
