import type { Architecture } from './architecture.js';
import { classifier, type Head } from './head.js';
import { inputFlow, layerList, type Flow, type LayerList } from './layer-list.js';

export interface ResnetOptions {
  readonly block: 'basic' | 'bottleneck';
  readonly inputChannels: number;
  /** Blocks in each stage. */
  readonly layers: readonly number[];
  /** Width of each stage; the stem has the width of the first. Bottleneck blocks yield four times as much. */
  readonly widths: readonly number[];
  /** Stride of the first block of each stage. */
  readonly strides: readonly number[];
  /** Number of logits. */
  readonly outputs: number;
  readonly head?: Head;
}

/**
 * He et al. 2015 (arXiv 1512.03385) as torchvision builds it (`torchvision/models/resnet.py`: stride on the
 * 3×3 convolution of a bottleneck, "ResNet V1.5"). ResNet-18, -34 and -50 of torchvision come out exactly
 * with widths [64, 128, 256, 512] and strides [1, 2, 2, 2]; other widths and strides give smaller networks.
 */
export function resnet(options: ResnetOptions): Architecture {
  const { block, layers, widths, strides } = options;
  const list = layerList();
  let flow = list.conv('conv1', inputFlow(options.inputChannels), widths[0]!, 7, { stride: 2 });
  flow = list.relu('relu', list.batchNorm('bn1', flow));
  flow = list.pool('max-pool', 'maxpool', flow, 3, 2, 1);
  for (const [stage, blocks] of layers.entries()) {
    for (let index = 0; index < blocks; index++) {
      const stride = index === 0 ? strides[stage]! : 1;
      flow = (block === 'basic' ? basicBlock : bottleneck)(list, `layer${stage + 1}.${index}`, flow, widths[stage]!, stride);
    }
  }
  return classifier(list, flow, {
    name: `resnet ${block} [${layers.join(',')}] × [${widths.join(',')}]`,
    inputChannels: options.inputChannels,
    outputs: options.outputs,
    head: options.head ?? 'torchvision',
    pool: 'avgpool',
    linear: 'fc',
  });
}

/** torchvision's ResNets by their layers; `inputChannels` 3 and 1000 outputs make the published ones. */
export const resnetPresets = {
  'resnet-18': { block: 'basic', layers: [2, 2, 2, 2] },
  'resnet-34': { block: 'basic', layers: [3, 4, 6, 3] },
  'resnet-50': { block: 'bottleneck', layers: [3, 4, 6, 3] },
} as const;

function basicBlock(list: LayerList, name: string, from: Flow, width: number, stride: number): Flow {
  let flow = list.conv(`${name}.conv1`, from, width, 3, { stride });
  flow = list.relu(`${name}.relu1`, list.batchNorm(`${name}.bn1`, flow));
  flow = list.batchNorm(`${name}.bn2`, list.conv(`${name}.conv2`, flow, width, 3));
  return list.relu(`${name}.relu`, list.add(`${name}.sum`, flow, shortcut(list, name, from, width, stride)));
}

function bottleneck(list: LayerList, name: string, from: Flow, width: number, stride: number): Flow {
  let flow = list.relu(`${name}.relu1`, list.batchNorm(`${name}.bn1`, list.conv(`${name}.conv1`, from, width, 1)));
  flow = list.relu(`${name}.relu2`, list.batchNorm(`${name}.bn2`, list.conv(`${name}.conv2`, flow, width, 3, { stride })));
  flow = list.batchNorm(`${name}.bn3`, list.conv(`${name}.conv3`, flow, width * 4, 1));
  return list.relu(`${name}.relu`, list.add(`${name}.sum`, flow, shortcut(list, name, from, width * 4, stride)));
}

/** The input itself, or its projection where size or width changes (option B of the paper). */
function shortcut(list: LayerList, name: string, from: Flow, width: number, stride: number): Flow {
  if (stride === 1 && from.channels === width) return from;
  return list.batchNorm(`${name}.downsample.1`, list.conv(`${name}.downsample.0`, from, width, 1, { stride }));
}
