import type { Architecture } from './architecture.js';

/**
 * The layers in three groups, from the input on, each to be trained at a rate of its own: what published weights
 * know about every picture, what they know about their own pictures, and the head.
 *
 * ResNets are split as fastai v1 splits them (`_resnet_split`: before layer3), DenseNets too (`_densenet_split`:
 * before the second transition); MobileNetV2, which fastai does not split, before its stage of 64 channels.
 *
 * @returns every layer once, in order
 */
export function layerGroups({ layers, featureMap }: Architecture): readonly (readonly string[])[] {
  const names = layers.map(({ name }) => name);
  const head = names.indexOf(featureMap) + 1;
  const middle = names.findIndex((name) => secondGroup.some((start) => name.startsWith(start)));
  // a network of two stages or fewer has no second half to speak of
  const cut = middle < 0 ? head : middle;
  return [names.slice(0, cut), names.slice(cut, head), names.slice(head)];
}

const secondGroup = ['layer3.', 'features.transition2.', 'features.7.'] as const;
