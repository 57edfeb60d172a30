import type { Architecture } from './architecture.js';

/**
 * The layers in three groups, from the input on, each to be trained at a rate of its own: what published weights
 * know about every picture, what they know about their own pictures, and the head.
 *
 * ResNets are split as fastai v1 splits them (`_resnet_split`: before layer3), DenseNets too (`_densenet_split`:
 * before the second transition); networks that fastai
 * does not split, before their stage of a sixteenth of the size: MobileNetV2 of 64 channels, EfficientNet of 80, ConvNeXt before it narrows to
 * that.
 *
 * @returns every layer once, in order
 */
export function layerGroups({ name: network, layers, featureMap }: Architecture): readonly (readonly string[])[] {
  const names = layers.map(({ name }) => name);
  const head = names.indexOf(featureMap) + 1;
  const start = Object.entries(secondGroup).find(([family]) => network.startsWith(family))?.[1];
  const middle = start === undefined ? -1 : names.findIndex((name) => name.startsWith(start));
  // a network of two stages or fewer has no second half to speak of
  const cut = middle < 0 ? head : middle;
  return [names.slice(0, cut), names.slice(cut, head), names.slice(head)];
}

const secondGroup: Readonly<Record<string, string>> = {
  resnet: 'layer3.',
  densenet: 'features.transition2.',
  'mobilenet-v2': 'features.7.',
  efficientnet: 'features.4.',
  convnext: 'features.4.',
};
