import type { Architecture } from './architecture.js';
import type { Tensors } from './safetensors.js';

/** A network ready to be put on an engine: its description and its weights under torchvision's names. */
export interface NetworkWithWeights {
  readonly architecture: Architecture;
  readonly tensors: Tensors;
}
