import { efficientnetName, isTimmEfficientnet } from './efficientnet-names.js';

/** Counters and thresholds that no layer needs. */
export const needlessTensor = /(^|\.)(num_batches_tracked|op_threshs)$/;

/** torchvision's DenseNet files of 2017: `denselayer1.norm.1.weight` for what its module calls `denselayer1.norm1.weight`. */
export const oldDenseLayer = /^(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\..*)$/;

/**
 * The names that torchvision's modules have for the tensors of a published file; undefined for one that is not needed.
 *
 * timm's ResNets and DenseNets have torchvision's names already, its `mobilenetv2_100` and EfficientNets have their own. torchxrayvision's
 * DenseNet too; its ResNet wraps torchvision's in a module called `model`. A wrapper of `DataParallel` is taken off.
 */
export function torchvisionNames(names: Iterable<string>): ReadonlyMap<string, string | undefined> {
  const published = [...names];
  const bareNames = published.map((name) => name.replace(/^(module|model)\./, ''));
  const own = namesOf(bareNames);
  return new Map(published.map((name, index) => [name, needlessTensor.test(name) ? undefined : own(bareNames[index]!)]));
}

function namesOf(names: readonly string[]): (name: string) => string {
  if (names.includes('_conv_stem.weight') || isTimmEfficientnet(names)) return efficientnetName(names);
  // timm's ResNets have a bn1 and its DenseNets a classifier too, which keep their names
  if (names.includes('conv_stem.weight')) return timmMobilenetName;
  return (name) => name.replace(oldDenseLayer, '$1$2');
}

/** Blocks in each of timm's stages, which torchvision counts through from `features.1`. */
const stageBlocks = [1, 2, 3, 4, 3, 3, 1] as const;
const ends: Readonly<Record<string, string>> = {
  conv_stem: 'features.0.0',
  bn1: 'features.0.1',
  conv_head: 'features.18.0',
  bn2: 'features.18.1',
  classifier: 'classifier.1',
};
/** The first block does not expand (timm: `DepthwiseSeparableConv`). */
const firstBlock: Readonly<Record<string, string>> = { conv_dw: '0.0', bn1: '0.1', conv_pw: '1', bn2: '2' };
const otherBlocks: Readonly<Record<string, string>> = { conv_pw: '0.0', bn1: '0.1', conv_dw: '1.0', bn2: '1.1', conv_pwl: '2', bn3: '3' };

/** `timm.models.efficientnet.mobilenetv2_100`; a name that it does not have stays as it is, to be refused by the check of weights. */
export function timmMobilenetName(name: string): string {
  const [, stage, index, module, tensor] = /^blocks\.(\d+)\.(\d+)\.(\w+)\.(\w+)$/.exec(name) ?? [];
  if (stage === undefined) {
    const [end, rest] = name.split('.');
    return ends[end!] ? `${ends[end!]}.${rest}` : name;
  }
  const place = 1 + stageBlocks.slice(0, Number(stage)).reduce<number>((sum, count) => sum + count, 0) + Number(index);
  const part = (stage === '0' ? firstBlock : otherBlocks)[module!];
  return part === undefined ? name : `features.${place}.conv.${part}.${tensor}`;
}
