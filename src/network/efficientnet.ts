import type { Architecture, Padding } from './architecture.js';
import { classifier, type Head } from './head.js';
import { inputFlow, layerList, type Flow, type LayerList } from './layer-list.js';

export interface EfficientnetOptions {
  /** `lite`: ReLU6, no squeeze-and-excitation, a stem and a last stage that do not grow. `b`: SiLU, squeeze-and-excitation. */
  readonly kind: 'b' | 'lite';
  /** Factor of the widths. */
  readonly width: number;
  /** Factor of the repeats. */
  readonly depth: number;
  /** Of the convolutions with a stride: PyTorch's symmetric one, or TensorFlow's. */
  readonly padding: 'symmetric' | 'same';
  /** Of the batch norms. */
  readonly epsilon: number;
  /** Before the linear layer. */
  readonly dropout: number;
  readonly inputChannels: number;
  readonly outputs: number;
  readonly head?: Head;
}

/** Expansion, kernel, stride of the first, output channels, repeats: table 1 of the paper. */
const stages = [
  [1, 3, 1, 16, 1],
  [6, 3, 2, 24, 2],
  [6, 5, 2, 40, 2],
  [6, 3, 2, 80, 3],
  [6, 5, 1, 112, 3],
  [6, 5, 2, 192, 4],
  [6, 3, 1, 320, 1],
] as const;

/** What every convolution of a network has in common. */
interface Style extends Pick<EfficientnetOptions, 'kind' | 'padding' | 'epsilon'> {
  readonly list: LayerList;
}

/**
 * Tan & Le 2019 (arXiv 1905.11946) as torchvision builds it (`torchvision/models/efficientnet.py`), without the stochastic depth of its
 * training; Lite, which torchvision does not have, as Google published it
 * (https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite), under the names that it would have there.
 */
export function efficientnet(options: EfficientnetOptions): Architecture {
  const { kind, width, depth } = options;
  const list = layerList();
  const style: Style = { ...options, list };
  const grows = kind === 'b';
  let flow = convNormActivation(style, 'features.0', inputFlow(options.inputChannels), grows ? scaled(32, width) : 32, 3, 2);
  for (const [index, [expansion, kernel, firstStride, channels, count]] of stages.entries()) {
    const fixed = !grows && (index === 0 || index === stages.length - 1);
    const repeats = fixed ? count : Math.ceil(count * depth);
    for (let repeat = 0; repeat < repeats; repeat++) {
      const stride = repeat === 0 ? firstStride : 1;
      flow = block(style, `features.${index + 1}.${repeat}`, flow, { expansion, kernel, stride, channels: scaled(channels, width) });
    }
  }
  flow = convNormActivation(style, 'features.8', flow, grows ? 4 * flow.channels : 1280, 1, 1);
  return classifier(list, flow, {
    name: `efficientnet-${kind} ${width} × ${depth}${options.padding === 'same' ? ", TensorFlow's padding" : ''}`,
    inputChannels: options.inputChannels,
    outputs: options.outputs,
    head: options.head ?? 'torchvision',
    pool: 'avgpool',
    linear: 'classifier.1',
    dropout: { name: 'classifier.0', rate: options.dropout },
  });
}

/** As Google trained them: padded and normalised as in TensorFlow. */
const googleLite = { kind: 'lite', padding: 'same', epsilon: 1e-3 } as const;
/** As torchvision builds them. */
const torchvision = { kind: 'b', padding: 'symmetric', epsilon: 1e-5 } as const;

/** Networks by their factors; `inputChannels` 3 and 1000 outputs make the published ones. */
export const efficientnetPresets = {
  'efficientnet-b0': { ...torchvision, width: 1, depth: 1, dropout: 0.2 },
  'efficientnet-b1': { ...torchvision, width: 1, depth: 1.1, dropout: 0.2 },
  'efficientnet-b2': { ...torchvision, width: 1.1, depth: 1.2, dropout: 0.3 },
  'efficientnet-b3': { ...torchvision, width: 1.2, depth: 1.4, dropout: 0.3 },
  'efficientnet-lite0': { ...googleLite, width: 1, depth: 1, dropout: 0.2 },
  'efficientnet-lite1': { ...googleLite, width: 1, depth: 1.1, dropout: 0.2 },
  'efficientnet-lite2': { ...googleLite, width: 1.1, depth: 1.2, dropout: 0.3 },
} as const;

/** The nearest multiple of 8, but not less than nine tenths (`_make_divisible` of TensorFlow's MobileNet). */
function scaled(channels: number, factor: number): number {
  const wanted = channels * factor;
  const nearest = Math.max(8, Math.floor((wanted + 4) / 8) * 8);
  return nearest < 0.9 * wanted ? nearest + 8 : nearest;
}

function padding({ padding: kind }: Style, kernel: number): Padding {
  return kind === 'same' ? 'same' : (kernel - 1) / 2;
}

function convNormActivation(style: Style, name: string, from: Flow, channels: number, kernel: number, stride: number, groups = 1): Flow {
  const normed = convNorm(style, name, from, channels, kernel, stride, groups);
  return style.kind === 'lite' ? style.list.relu(`${name}.2`, normed, 6) : style.list.activation('silu', `${name}.2`, normed);
}

function convNorm(style: Style, name: string, from: Flow, channels: number, kernel: number, stride = 1, groups = 1): Flow {
  const { list, epsilon } = style;
  const conv = list.conv(`${name}.0`, from, channels, kernel, { stride, groups, padding: padding(style, kernel) });
  return list.batchNorm(`${name}.1`, conv, epsilon);
}

interface BlockOptions {
  readonly expansion: number;
  readonly kernel: number;
  readonly stride: number;
  readonly channels: number;
}

/** Expand (unless by 1), filter each channel by itself, weigh the channels, project; add the input where shapes allow (`MBConv`). */
function block(style: Style, name: string, from: Flow, { expansion, kernel, stride, channels }: BlockOptions): Flow {
  let part = 0;
  const next = (): string => `${name}.block.${part++}`;
  const hidden = from.channels * expansion;
  let flow = expansion === 1 ? from : convNormActivation(style, next(), from, hidden, 1, 1);
  flow = convNormActivation(style, next(), flow, hidden, kernel, stride, hidden);
  if (style.kind === 'b') flow = squeezeExcitation(style.list, next(), flow, Math.max(1, Math.floor(from.channels / 4)));
  flow = convNorm(style, next(), flow, channels, 1);
  return stride === 1 && from.channels === channels ? style.list.add(`${name}.sum`, from, flow) : flow;
}

/** Hu et al. 2017 (arXiv 1709.01507): every channel times a factor that all channels' means decide. */
function squeezeExcitation(list: LayerList, name: string, from: Flow, squeezed: number): Flow {
  let factor = list.conv(`${name}.fc1`, list.spatialMean(`${name}.avgpool`, from), squeezed, 1, { bias: true });
  factor = list.conv(`${name}.fc2`, list.activation('silu', `${name}.activation`, factor), from.channels, 1, { bias: true });
  return list.gate(`${name}.scaled`, from, list.activation('sigmoid', `${name}.scale_activation`, factor));
}
