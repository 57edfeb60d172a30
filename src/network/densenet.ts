import type { Architecture } from './architecture.js';
import { classifier, type Head } from './head.js';
import { inputFlow, layerList, type Flow, type LayerList } from './layer-list.js';

export interface DensenetOptions {
  readonly inputChannels: number;
  /** Dense layers in each block: [6, 12, 24, 16] for DenseNet-121. */
  readonly layers: readonly number[];
  readonly outputs: number;
  readonly head?: Head;
}

const growthRate = 32;
const stemChannels = 64;
const bottleneckFactor = 4;

/** Huang et al. 2016 (arXiv 1608.06993) as torchvision builds it (`torchvision/models/densenet.py`). */
export function densenet(options: DensenetOptions): Architecture {
  const list = layerList();
  let flow = list.conv('features.conv0', inputFlow(options.inputChannels), stemChannels, 7, { stride: 2 });
  flow = list.relu('features.relu0', list.batchNorm('features.norm0', flow));
  flow = list.pool('max-pool', 'features.pool0', flow, 3, 2, 1);
  for (const [index, count] of options.layers.entries()) {
    flow = denseBlock(list, `features.denseblock${index + 1}`, flow, count);
    if (index < options.layers.length - 1) flow = transition(list, `features.transition${index + 1}`, flow);
  }
  // torchvision applies this last ReLU as a function: it has no module and so no name of its own
  flow = list.relu('features.relu5', list.batchNorm('features.norm5', flow));
  return classifier(list, flow, {
    name: `densenet [${options.layers.join(',')}]`,
    inputChannels: options.inputChannels,
    outputs: options.outputs,
    head: options.head ?? 'torchvision',
    pool: 'features.pool5',
    linear: 'classifier',
  });
}

/** Dense layers in each block; the four networks of torchvision but DenseNet-161, which is wider. */
export const densenetPresets = {
  'densenet-121': [6, 12, 24, 16],
  'densenet-169': [6, 12, 32, 32],
  'densenet-201': [6, 12, 48, 32],
} as const;

function denseBlock(list: LayerList, name: string, from: Flow, count: number): Flow {
  let flow = from;
  for (let index = 1; index <= count; index++) {
    const layer = `${name}.denselayer${index}`;
    let grown = list.relu(`${layer}.relu1`, list.batchNorm(`${layer}.norm1`, flow));
    grown = list.conv(`${layer}.conv1`, grown, bottleneckFactor * growthRate, 1);
    grown = list.relu(`${layer}.relu2`, list.batchNorm(`${layer}.norm2`, grown));
    grown = list.conv(`${layer}.conv2`, grown, growthRate, 3);
    flow = list.concat(`${layer}.concat`, [flow, grown]);
  }
  return flow;
}

function transition(list: LayerList, name: string, from: Flow): Flow {
  const flow = list.relu(`${name}.relu`, list.batchNorm(`${name}.norm`, from));
  return list.pool('average-pool', `${name}.pool`, list.conv(`${name}.conv`, flow, from.channels / 2, 1), 2, 2, 0);
}
