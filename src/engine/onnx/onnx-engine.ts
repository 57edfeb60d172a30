import { checkWeights } from '../../network/check-weights.js';
import { checkInput, checkPrediction } from '../check-prediction.js';
import type { Engine, EngineDescription, NetworkWithWeights, Predictor } from '../engine.js';
import { startEngineThread, type EngineThread } from './engine-thread.js';
import type { SessionSettings } from './protocol.js';

export interface OnnxEngineOptions {
  readonly settings: SessionSettings;
  readonly description: EngineDescription;
}

/** An engine on onnxruntime: one thread of its own, in which every network loaded has a session. */
export class OnnxEngine implements Engine {
  readonly description: EngineDescription;
  readonly #settings: SessionSettings;
  readonly #thread: EngineThread = startEngineThread();
  #sessions = 0;

  constructor({ settings, description }: OnnxEngineOptions) {
    this.#settings = settings;
    this.description = description;
  }

  /**
   * @throws Fault 'model-invalid' if weights and architecture do not belong together,
   *   'engine-failed' if onnxruntime does not take the network
   */
  async load(network: NetworkWithWeights): Promise<Predictor> {
    const { architecture } = network;
    const tensors = new Map([...network.tensors].filter(([name]) => architecture.layers.some((layer) => name.startsWith(`${layer.name}.`))));
    checkWeights(architecture, tensors);
    const session = this.#sessions++;
    await this.#thread.ask({ kind: 'load', session, network: { architecture, tensors }, settings: this.#settings });
    return {
      predict: async (input) => {
        checkInput(input, architecture.inputChannels);
        return checkPrediction((await this.#thread.ask({ kind: 'predict', session, input }))!);
      },
      release: async () => {
        await this.#thread.ask({ kind: 'release', session });
      },
    };
  }

  /** Ends the thread; what is being computed is given up. */
  async close(): Promise<void> {
    await this.#thread.stop();
  }
}
