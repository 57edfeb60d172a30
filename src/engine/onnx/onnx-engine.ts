import { Fault } from '../../errors.js';
import { checkWeights } from '../../network/check-weights.js';
import { checkInput, checkPrediction } from '../check-prediction.js';
import { checkTrainer, checkTrainingBatch } from '../check-trainer.js';
import type { Engine, EngineDescription, NetworkWithWeights, Predictor } from '../engine.js';
import type { Trainer, TrainerOptions, TrainingEngine } from '../trainer.js';
import { startEngineThread, type EngineThread } from './engine-thread.js';
import type { SessionSettings } from './protocol.js';

export interface OnnxEngineOptions {
  readonly settings: SessionSettings;
  readonly description: EngineDescription;
}

/** An engine on onnxruntime: one thread of its own, in which every network loaded has a session. */
export class OnnxEngine implements Engine, TrainingEngine {
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
    const tensors = ownTensors(network);
    checkWeights(architecture, tensors);
    const session = this.#sessions++;
    await this.#thread.ask({ kind: 'load', session, network: { architecture, tensors }, settings: this.#settings });
    return {
      predict: async (input) => {
        checkInput(input, architecture.inputChannels);
        return checkPrediction(await this.#thread.ask({ kind: 'predict', session, input }));
      },
      release: async () => {
        await this.#thread.ask({ kind: 'release', session });
      },
    };
  }

  /**
   * @throws Fault 'model-invalid' if weights and architecture (or the state to resume from) do not belong together,
   *   RangeError for options that cannot be meant, 'engine-failed' if onnxruntime does not take the network
   */
  async startTrainer(options: TrainerOptions): Promise<Trainer> {
    const network = { architecture: options.network.architecture, tensors: ownTensors(options.network) };
    const checked = { ...options, network };
    checkTrainer(checked);
    const session = this.#sessions++;
    await this.#thread.ask({ kind: 'start-trainer', session, options: checked, settings: this.#settings });
    return {
      step: async (batch, rates) => {
        checkTrainingBatch(options, batch, rates);
        const result = await this.#thread.ask({ kind: 'step', session, batch, rates });
        if ('diverged' in result) throw new Fault('training-diverged', result.diverged);
        return result;
      },
      state: () => this.#thread.ask({ kind: 'state', session }),
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

/** Without what a model file holds besides the network, such as the guard's statistics. */
function ownTensors({ architecture, tensors }: NetworkWithWeights): NetworkWithWeights['tensors'] {
  return new Map([...tensors].filter(([name]) => architecture.layers.some((layer) => name.startsWith(`${layer.name}.`))));
}
