/** A classifier in a format of others, run as it is. */
export interface ForeignGraph {
  readonly format: ForeignFormat;
  /** File name in the version's folder → content: `main`, and its external data or weight shards. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly main: string;
  readonly input: { readonly name: string; readonly layout: 'NCHW' | 'NHWC' };
  /** What the output yields. The predictor gives logits: probabilities are turned back (logit of a sigmoid, logarithm of a softmax). */
  readonly output: { readonly name: string; readonly activation: 'none' | 'sigmoid' | 'softmax' };
  readonly outputs: number;
  /** Pooled features (NC) where found or named, and their width. Absent: Prediction.features is 0. */
  readonly embedding?: { readonly name: string; readonly features: number };
  /**
   * The last feature map, and the weights of the linear layer behind its average pooling, `outputs * channels` row by row: class
   * activation maps (Zhou et al. 2016). Absent: Prediction.mapHeight and mapWidth are 0.
   */
  readonly classActivation?: {
    readonly featureMap: string;
    readonly headWeights: Float32Array;
    readonly channels: number;
    /** Of the feature map. Absent: NCHW for ONNX, NHWC for TensorFlow.js. */
    readonly layout?: 'NCHW' | 'NHWC';
  };
}

export const foreignFormats = ['onnx', 'tfjs-layers', 'tfjs-graph'] as const;

export type ForeignFormat = (typeof foreignFormats)[number];
