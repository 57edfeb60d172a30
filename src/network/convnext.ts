import type { Architecture } from './architecture.js';
import { classifier, type Head } from './head.js';
import { inputFlow, layerList, type Flow, type LayerList } from './layer-list.js';

export interface ConvnextOptions {
  readonly inputChannels: number;
  /** Blocks in each stage. */
  readonly layers: readonly number[];
  /** Width of each stage. */
  readonly widths: readonly number[];
  readonly outputs: number;
  readonly head?: Head;
}

/** Of every layer norm. */
const epsilon = 1e-6;

/**
 * Liu et al. 2022 (arXiv 2201.03545) as torchvision builds it (`torchvision/models/convnext.py`), without the stochastic depth of its
 * training. ConvNeXt-Tiny comes out exactly with layers [3, 3, 9, 3] and widths [96, 192, 384, 768].
 */
export function convnext(options: ConvnextOptions): Architecture {
  const { layers, widths } = options;
  const list = layerList();
  let flow = list.conv('features.0.0', inputFlow(options.inputChannels), widths[0]!, 4, { stride: 4, padding: 0, bias: true });
  flow = list.layerNorm('features.0.1', flow, epsilon);
  for (const [stage, blocks] of layers.entries()) {
    if (stage > 0) {
      const narrow = list.layerNorm(`features.${2 * stage}.0`, flow, epsilon);
      flow = list.conv(`features.${2 * stage}.1`, narrow, widths[stage]!, 2, { stride: 2, padding: 0, bias: true });
    }
    for (let index = 0; index < blocks; index++) flow = block(list, `features.${2 * stage + 1}.${index}`, flow);
  }
  return classifier(list, flow, {
    name: `convnext [${layers.join(',')}] × [${widths.join(',')}]`,
    inputChannels: options.inputChannels,
    outputs: options.outputs,
    head: options.head ?? 'torchvision',
    pool: 'avgpool',
    norm: { name: 'classifier.0', epsilon },
    linear: 'classifier.2',
  });
}

/** ConvNeXt-Tiny of torchvision and timm. */
export const convnextTiny = { layers: [3, 3, 9, 3], widths: [96, 192, 384, 768] } as const;

/** Filter each channel by itself, normalise, widen fourfold and narrow at every place; scaled and added to the input. */
function block(list: LayerList, name: string, from: Flow): Flow {
  const { channels } = from;
  let flow = list.conv(`${name}.block.0`, from, channels, 7, { groups: channels, bias: true });
  flow = list.layerNorm(`${name}.block.2`, flow, epsilon);
  flow = list.activation('gelu', `${name}.block.4`, list.pointwiseLinear(`${name}.block.3`, flow, 4 * channels));
  flow = list.scale(name, list.pointwiseLinear(`${name}.block.5`, flow, channels));
  return list.add(`${name}.sum`, from, flow);
}
