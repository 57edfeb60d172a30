import type { LoadableNetwork } from '../network/loadable-network.js';
import type { NetworkWithWeights } from '../network/network-with-weights.js';

export type { LoadableNetwork, NetworkWithWeights };

/** A batch of network inputs: NCHW float32, already normalised. */
export interface InputBatch {
  readonly data: Float32Array;
  readonly batch: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

export interface Prediction {
  readonly batch: number;
  /** `batch * outputs` raw scores, before any temperature or sigmoid. */
  readonly logits: Float32Array;
  readonly outputs: number;
  /** `batch * features` penultimate activations (after global average pooling). */
  readonly embedding: Float32Array;
  readonly features: number;
  /**
   * Grad-CAM of every output (Selvaraju et al. 2017), before upsampling:
   * `batch * outputs * mapHeight * mapWidth`, rectified, in units of the logit.
   */
  readonly activationMaps: Float32Array;
  readonly mapHeight: number;
  readonly mapWidth: number;
  /** Which engine computed it, where that can change between two calls. */
  readonly engine?: EngineDescription;
}

/** One network on one engine. Calls may overlap; the implementation serialises where its runtime must. */
export interface Predictor {
  predict(input: InputBatch): Promise<Prediction>;
  release(): Promise<void>;
}

/** How an engine presents itself: which one, on what, and why it was chosen. */
export interface EngineDescription {
  /** For example `onnxruntime-node 1.30.0, CPU`. */
  readonly name: string;
  /** One sentence: why this engine and not another. */
  readonly why: string;
}

export interface Engine {
  readonly description: EngineDescription;
  load(network: LoadableNetwork): Promise<Predictor>;
}
