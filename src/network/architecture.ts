/**
 * A network described as data: a flat list of layers in the order in which they are computed.
 *
 * Why flat and why data: two engines and a trainer read the same list, so there is one place where a
 * network can be wrong. Every layer is named after the module of torchvision that it stands for, so that
 * `${name}.weight` is the name of its tensor in a published weights file. Layers without a module of their
 * own in torchvision (add, concat, a ReLU that is used twice) have a name that no tensor can have.
 *
 * All activations are NCHW float32 up to the pooling, then NC.
 */
interface Layer<Kind extends string> {
  readonly kind: Kind;
  readonly name: string;
}

interface Unary {
  /** Name of the layer (or `input`) whose output this layer reads. */
  readonly input: string;
}

/**
 * Zeros around a picture: as many on each side, or `same` as TensorFlow pads: so many in all that the output is ⌈size / stride⌉ long, the
 * odd one behind. What `same` comes to depends on the size of the picture (see paddingAlong).
 */
export type Padding = number | 'same';

/** Cross-correlation, weight OIHW with I = inputChannels / groups; square kernels, zero padding. */
export interface ConvLayer extends Layer<'conv'>, Unary {
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly kernel: number;
  readonly stride: number;
  /** `same` only with a stride of more than 1: with 1 it is half the kernel on each side. */
  readonly padding: Padding;
  readonly groups: number;
  /** With a bias beside the weight. */
  readonly bias?: true;
  /** A `torch.nn.Linear` over the channels of every place: kernel 1, and its weight is [outputChannels, inputChannels]. */
  readonly flat?: true;
}

/** Over channels (axis 1), of NCHW or NC: weight, bias, running_mean, running_var. */
export interface BatchNormLayer extends Layer<'batch-norm'>, Unary {
  readonly channels: number;
  readonly epsilon: number;
}

/** `min(max(x, 0), ceiling)`; without ceiling the plain ReLU, with 6 MobileNet's. */
export interface ReluLayer extends Layer<'relu'>, Unary {
  readonly ceiling?: number;
}

/** Over the channels of every place (axis 1), of NCHW or NC: weight, bias. */
export interface LayerNormLayer extends Layer<'layer-norm'>, Unary {
  readonly channels: number;
  readonly epsilon: number;
}

/** `silu`: x · σ(x); `gelu`: x · Φ(x), exactly and not by tanh; `sigmoid`: σ(x). */
export type ActivationLayer = Layer<'silu' | 'gelu' | 'sigmoid'> & Unary;

/** The mean over places, NCHW to NC11. */
export type SpatialMeanLayer = Layer<'spatial-mean'> & Unary;

/** NCHW times a factor for each channel of each picture, NC11 (squeeze and excitation). */
export interface GateLayer extends Layer<'gate'> {
  readonly inputs: readonly [value: string, factor: string];
}

/** Of NCHW times a learned factor for each channel: layer_scale, [C, 1, 1]. */
export interface ScaleLayer extends Layer<'scale'>, Unary {
  readonly channels: number;
}

/** Max pooling pads with minus infinity; average pooling is never padded here. */
export interface PoolLayer<Kind extends 'max-pool' | 'average-pool'> extends Layer<Kind>, Unary {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

/** NCHW to NC. */
export type GlobalPoolLayer<Kind extends 'global-average-pool' | 'global-max-pool'> = Layer<Kind> & Unary;

/** Elementwise sum of two equal shapes. */
export interface AddLayer extends Layer<'add'> {
  readonly inputs: readonly [string, string];
}

/** Along channels (axis 1). */
export interface ConcatLayer extends Layer<'concat'> {
  readonly inputs: readonly string[];
}

/** `x · weightᵀ + bias`, weight [outputFeatures, inputFeatures]. */
export interface LinearLayer extends Layer<'linear'>, Unary {
  readonly inputFeatures: number;
  readonly outputFeatures: number;
}

/** Identity outside training. */
export interface DropoutLayer extends Layer<'dropout'>, Unary {
  readonly rate: number;
}

export type LayerNode =
  | ConvLayer
  | BatchNormLayer
  | ReluLayer
  | LayerNormLayer
  | ActivationLayer
  | SpatialMeanLayer
  | GateLayer
  | ScaleLayer
  | PoolLayer<'max-pool'>
  | PoolLayer<'average-pool'>
  | GlobalPoolLayer<'global-average-pool'>
  | GlobalPoolLayer<'global-max-pool'>
  | AddLayer
  | ConcatLayer
  | LinearLayer
  | DropoutLayer;

export interface Architecture {
  /** For logs and messages, for example `resnet basic [1,1,1,1]`. */
  readonly name: string;
  readonly inputChannels: number;
  /** Number of logits. */
  readonly outputs: number;
  /** Width of the embedding. */
  readonly features: number;
  /** In an order in which every layer comes after the layers that it reads. */
  readonly layers: readonly LayerNode[];
  /** Name of the layer whose output is the last NCHW feature map: which Grad-CAM uses. */
  readonly featureMap: string;
  /** Name of the layer whose output is the pooled embedding (NC). */
  readonly embedding: string;
  /** Name of the last layer (NC). */
  readonly logits: string;
}

/** The name by which the first layer reads the network's input. */
export const networkInputName = 'input';

/** The layers that a layer reads. */
export function inputsOf(layer: LayerNode): readonly string[] {
  return 'inputs' in layer ? layer.inputs : [layer.input];
}
