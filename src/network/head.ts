import type { Architecture } from './architecture.js';
import type { Flow, LayerList } from './layer-list.js';

/** How the feature map becomes logits. */
export type Head = 'torchvision' | 'fastai';

interface ClassifierOptions {
  readonly name: string;
  readonly inputChannels: number;
  readonly outputs: number;
  readonly head: Head;
  /** Name of the pooling layer. */
  readonly pool: string;
  /** Name of the linear layer in torchvision. */
  readonly linear: string;
  /** Layer norm between pooling and linear layer, as torchvision's ConvNeXt has it. */
  readonly norm?: { readonly name: string; readonly epsilon: number };
  /** Dropout between pooling and linear layer, as torchvision's MobileNet has it. */
  readonly dropout?: { readonly name: string; readonly rate: number };
}

/** Ends an architecture: pooled embedding, then logits. */
export function classifier(list: LayerList, featureMap: Flow, options: ClassifierOptions): Architecture {
  const { embedding, logits } =
    options.head === 'fastai' ? fastaiHead(list, featureMap, options.outputs) : torchvisionHead(list, featureMap, options);
  return {
    name: options.head === 'fastai' ? `${options.name}, fastai's head` : options.name,
    inputChannels: options.inputChannels,
    outputs: options.outputs,
    features: embedding.channels,
    layers: list.layers,
    featureMap: featureMap.name,
    embedding: embedding.name,
    logits: logits.name,
  };
}

interface Ends {
  readonly embedding: Flow;
  readonly logits: Flow;
}

function torchvisionHead(list: LayerList, featureMap: Flow, { pool, linear, norm, dropout, outputs }: ClassifierOptions): Ends {
  const embedding = list.globalPool('global-average-pool', pool, featureMap);
  const normed = norm ? list.layerNorm(norm.name, embedding, norm.epsilon) : embedding;
  const flow = dropout ? list.dropout(dropout.name, normed, dropout.rate) : normed;
  return { embedding, logits: list.linear(linear, flow, outputs) };
}

/**
 * `create_head(nf, c)` of fastai v1: the maximum before the average, batch norm, dropout 0.25, 512 hidden
 * units, batch norm, dropout 0.5. The numbers in the names are the places in fastai's `nn.Sequential`
 * (where these tensors are called `1.2.weight` and so on).
 */
function fastaiHead(list: LayerList, featureMap: Flow, outputs: number): Ends {
  const max = list.globalPool('global-max-pool', 'head.0.mp', featureMap);
  const average = list.globalPool('global-average-pool', 'head.0.ap', featureMap);
  const embedding = list.concat('head.0', [max, average]);
  let flow = list.dropout('head.3', list.batchNorm('head.2', embedding), 0.25);
  flow = list.relu('head.5', list.linear('head.4', flow, 512));
  flow = list.dropout('head.7', list.batchNorm('head.6', flow), 0.5);
  return { embedding, logits: list.linear('head.8', flow, outputs) };
}
