import type { Architecture } from './architecture.js';
import { classifier, type Head } from './head.js';
import { inputFlow, layerList, type Flow, type LayerList } from './layer-list.js';

export interface MobilenetV2Options {
  readonly inputChannels: number;
  readonly outputs: number;
  readonly head?: Head;
}

/** Expansion, output channels, repeats, stride of the first: table 2 of the paper. */
const stages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/** Sandler et al. 2018 (arXiv 1801.04381), width 1, as torchvision builds it (`torchvision/models/mobilenetv2.py`). */
export function mobilenetV2(options: MobilenetV2Options): Architecture {
  const list = layerList();
  let flow = convNormRelu(list, ['features.0.0', 'features.0.1', 'features.0.2'], inputFlow(options.inputChannels), 32, 3, 2, 1);
  let index = 1;
  for (const [expansion, channels, repeats, firstStride] of stages) {
    for (let repeat = 0; repeat < repeats; repeat++) {
      flow = invertedResidual(list, `features.${index++}`, flow, channels, repeat === 0 ? firstStride : 1, expansion);
    }
  }
  flow = convNormRelu(list, ['features.18.0', 'features.18.1', 'features.18.2'], flow, 1280, 1, 1, 1);
  return classifier(list, flow, {
    name: 'mobilenet-v2',
    inputChannels: options.inputChannels,
    outputs: options.outputs,
    head: options.head ?? 'torchvision',
    pool: 'features.pool',
    linear: 'classifier.1',
    dropout: { name: 'classifier.0', rate: 0.2 },
  });
}

function convNormRelu(
  list: LayerList,
  names: readonly [string, string, string],
  from: Flow,
  channels: number,
  kernel: number,
  stride: number,
  groups: number,
): Flow {
  return list.relu(names[2], list.batchNorm(names[1], list.conv(names[0], from, channels, kernel, { stride, groups })), 6);
}

/** Expand (unless by 1), filter each channel by itself, project without a ReLU; add the input where shapes allow. */
function invertedResidual(list: LayerList, name: string, from: Flow, channels: number, stride: number, expansion: number): Flow {
  const part = (index: number): readonly [string, string, string] => [
    `${name}.conv.${index}.0`,
    `${name}.conv.${index}.1`,
    `${name}.conv.${index}.2`,
  ];
  const hidden = from.channels * expansion;
  const expanded = expansion === 1 ? from : convNormRelu(list, part(0), from, hidden, 1, 1, 1);
  const next = expansion === 1 ? 0 : 1;
  const filtered = convNormRelu(list, part(next), expanded, hidden, 3, stride, hidden);
  const projected = list.batchNorm(`${name}.conv.${next + 2}`, list.conv(`${name}.conv.${next + 1}`, filtered, channels, 1));
  return stride === 1 && from.channels === channels ? list.add(`${name}.sum`, from, projected) : projected;
}
