import { Fault } from '../../errors.js';
import { checkWeights } from '../../network/check-weights.js';
import type { Engine, EngineDescription, InputBatch, NetworkWithWeights, Prediction, Predictor } from '../engine.js';
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

/** A wrong shape is a bug of the caller, not a fault. */
function checkInput({ data, batch, channels, height, width }: InputBatch, expected: number): void {
  if (channels !== expected) throw new RangeError(`the network takes [batch, ${expected}, height, width], found ${channels} channels`);
  if (batch < 1 || data.length !== batch * channels * height * width) {
    throw new RangeError(`expected ${batch} × ${channels} × ${height} × ${width} values, found ${data.length}`);
  }
}

/** Scores that are not numbers would pass every comparison downstream as "not above the threshold". */
function checkPrediction(prediction: Prediction): Prediction {
  if (prediction.logits.every(Number.isFinite) && prediction.embedding.every(Number.isFinite)) return prediction;
  throw new Fault('engine-failed', 'the network yields values that are not finite', {}, { retryable: false });
}
