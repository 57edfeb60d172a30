import { networkInputName, type ActivationLayer, type LayerNode, type Padding } from './architecture.js';

/** What a layer yields: its name and its number of channels (or features). */
export interface Flow {
  readonly name: string;
  readonly channels: number;
}

/**
 * Writes down layers in order, each method returning the flow that comes out, so that an architecture
 * reads like the `forward` of its PyTorch original. Channel counts are carried along, never repeated.
 */
export interface LayerList {
  readonly layers: readonly LayerNode[];
  conv(
    name: string,
    from: Flow,
    outputChannels: number,
    kernel: number,
    options?: { stride?: number; padding?: Padding; groups?: number; bias?: boolean },
  ): Flow;
  /** @param epsilon PyTorch's default if not given */
  batchNorm(name: string, from: Flow, epsilon?: number): Flow;
  /** A `torch.nn.Linear` over the channels of every place. */
  pointwiseLinear(name: string, from: Flow, outputChannels: number): Flow;
  layerNorm(name: string, from: Flow, epsilon: number): Flow;
  relu(name: string, from: Flow, ceiling?: number): Flow;
  activation(kind: ActivationLayer['kind'], name: string, from: Flow): Flow;
  spatialMean(name: string, from: Flow): Flow;
  gate(name: string, value: Flow, factor: Flow): Flow;
  scale(name: string, from: Flow): Flow;
  pool(kind: 'max-pool' | 'average-pool', name: string, from: Flow, kernel: number, stride: number, padding: number): Flow;
  globalPool(kind: 'global-average-pool' | 'global-max-pool', name: string, from: Flow): Flow;
  add(name: string, one: Flow, other: Flow): Flow;
  concat(name: string, from: readonly Flow[]): Flow;
  linear(name: string, from: Flow, outputFeatures: number): Flow;
  dropout(name: string, from: Flow, rate: number): Flow;
}

/** PyTorch's default for `BatchNorm2d` and `BatchNorm1d`. */
const usualEpsilon = 1e-5;

export function inputFlow(channels: number): Flow {
  return { name: networkInputName, channels };
}

export function layerList(): LayerList {
  const layers: LayerNode[] = [];
  const put = (layer: LayerNode, channels: number): Flow => {
    layers.push(layer);
    return { name: layer.name, channels };
  };
  return {
    layers,
    conv: (name, from, outputChannels, kernel, { stride = 1, padding = (kernel - 1) / 2, groups = 1, bias = false } = {}) =>
      put(
        {
          kind: 'conv',
          name,
          input: from.name,
          inputChannels: from.channels,
          outputChannels,
          kernel,
          stride,
          padding: stride === 1 && padding === 'same' ? (kernel - 1) / 2 : padding,
          groups,
          ...(bias ? { bias: true } : {}),
        },
        outputChannels,
      ),
    pointwiseLinear: (name, { name: input, channels: inputChannels }, outputChannels) =>
      put(
        { kind: 'conv', name, input, inputChannels, outputChannels, kernel: 1, stride: 1, padding: 0, groups: 1, bias: true, flat: true },
        outputChannels,
      ),
    layerNorm: (name, from, epsilon) =>
      put({ kind: 'layer-norm', name, input: from.name, channels: from.channels, epsilon }, from.channels),
    batchNorm: (name, from, epsilon = usualEpsilon) =>
      put({ kind: 'batch-norm', name, input: from.name, channels: from.channels, epsilon }, from.channels),
    relu: (name, from, ceiling) =>
      put({ kind: 'relu', name, input: from.name, ...(ceiling === undefined ? {} : { ceiling }) }, from.channels),
    activation: (kind, name, from) => put({ kind, name, input: from.name }, from.channels),
    spatialMean: (name, from) => put({ kind: 'spatial-mean', name, input: from.name }, from.channels),
    gate: (name, value, factor) => put({ kind: 'gate', name, inputs: [value.name, factor.name] }, value.channels),
    scale: (name, from) => put({ kind: 'scale', name, input: from.name, channels: from.channels }, from.channels),
    pool: (kind, name, from, kernel, stride, padding) => put({ kind, name, input: from.name, kernel, stride, padding }, from.channels),
    globalPool: (kind, name, from) => put({ kind, name, input: from.name }, from.channels),
    add: (name, one, other) => put({ kind: 'add', name, inputs: [one.name, other.name] }, one.channels),
    concat: (name, from) =>
      put(
        { kind: 'concat', name, inputs: from.map((flow) => flow.name) },
        from.reduce((sum, flow) => sum + flow.channels, 0),
      ),
    linear: (name, from, outputFeatures) =>
      put({ kind: 'linear', name, input: from.name, inputFeatures: from.channels, outputFeatures }, outputFeatures),
    dropout: (name, from, rate) => put({ kind: 'dropout', name, input: from.name, rate }, from.channels),
  };
}
