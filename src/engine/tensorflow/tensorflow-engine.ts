import { Fault } from '../../errors.js';
import { checkWeights } from '../../network/check-weights.js';
import { isForeignGraph } from '../../network/loadable-network.js';
import { checkInput, checkPrediction } from '../check-prediction.js';
import { checkTrainer, checkTrainingBatch } from '../check-trainer.js';
import type { Engine, EngineDescription, LoadableNetwork, NetworkWithWeights, Predictor } from '../engine.js';
import { ForeignPredictor } from '../foreign/foreign-predictor.js';
import { runtimeFor } from '../foreign/foreign-runtime.js';
import { defaultAnswerLimits, type AnswerLimits } from '../answer-limits.js';
import { measuresOf, describeRequest, workOf } from '../network-requests.js';
import type { Trainer, TrainerOptions, TrainingEngine } from '../trainer.js';
import { backendPackages, installedBackend, type BackendSettings } from './backend.js';
import { startEngineProcess, type EngineProcess } from './engine-process.js';

/** An engine on TensorFlow.js: a process of its own, in which every network loaded stays on the backend. */
export class TensorflowEngine implements Engine, TrainingEngine {
  readonly description: EngineDescription;
  readonly #process: EngineProcess;
  readonly #settings: BackendSettings;
  readonly #limits: AnswerLimits;
  #sessions = 0;

  private constructor(description: EngineDescription, process: EngineProcess, settings: BackendSettings, limits: AnswerLimits) {
    this.description = description;
    this.#process = process;
    this.#settings = settings;
    this.#limits = limits;
  }

  /** @throws Fault 'engine-unavailable' with the reason, if the packages are missing or the backend does not start */
  static async start(
    settings: BackendSettings,
    why: string,
    {
      limits = defaultAnswerLimits,
      startTimeoutMs,
    }: { readonly limits?: AnswerLimits | undefined; readonly startTimeoutMs?: number | undefined } = {},
  ): Promise<TensorflowEngine> {
    const installed = installedBackend(settings.backend);
    if (!installed)
      throw new Fault(
        'engine-unavailable',
        `${backendPackages[settings.backend].packages.at(-1)} is not installed; to add it: ${backendPackages[settings.backend].howToAdd}`,
      );
    const started = await startEngineProcess(settings, { limits, startTimeoutMs });
    return new TensorflowEngine({ name: `TensorFlow.js ${installed} (${started.place})`, why }, started, settings, limits);
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get stalled(): boolean {
    return this.#process.stalled;
  }

  /**
   * @throws Fault 'model-invalid' if weights and architecture do not belong together,
   *   'engine-failed' if TensorFlow.js does not take the network, 'engine-unavailable' naming a package that a graph's format needs
   */
  async load(network: LoadableNetwork): Promise<Predictor> {
    if (isForeignGraph(network))
      return ForeignPredictor.load(network, runtimeFor(network.format, { threads: this.#settings.threads, tensorflow: this.#settings }), {
        limits: this.#limits,
      });
    const { architecture } = network;
    const tensors = ownTensors(network);
    checkWeights(architecture, tensors);
    const session = this.#sessions++;
    await this.#process.request({ kind: 'load', session, network: { architecture, tensors } }, 'loading a network');
    return {
      predict: async (input) => {
        checkInput(input, architecture.inputChannels);
        return checkPrediction(
          await this.#process.request(
            { kind: 'predict', session, input },
            describeRequest('predict', input),
            workOf(session, 'predict', input),
          ),
        );
      },
      release: async () => {
        await this.#release(session);
      },
    };
  }

  /**
   * @throws Fault 'model-invalid' if weights and architecture do not belong together; RangeError if the options contradict
   *   each other
   */
  async startTrainer(given: TrainerOptions): Promise<Trainer> {
    const options = { ...given, network: { ...given.network, tensors: ownTensors(given.network) } };
    checkTrainer(options);
    const session = this.#sessions++;
    await this.#process.request({ kind: 'train', session, options }, 'the start of training');
    return {
      step: async (batch, rates) => {
        checkTrainingBatch(options, batch, rates);
        return this.#process.request(
          { kind: 'step', session, batch, rates },
          describeRequest('step', batch.input),
          workOf(session, 'step', batch.input),
        );
      },
      state: () => this.#process.request({ kind: 'state', session }, 'the state of training'),
      release: async () => {
        await this.#release(session);
      },
    };
  }

  /** Tensors on the backend: as many after a prediction or a step as before. */
  tensorCount(): Promise<number> {
    return this.#process.request({ kind: 'tensors' }, 'the number of tensors');
  }

  /** Ends the process; what is being computed is given up. */
  async close(): Promise<void> {
    await this.#process.stop();
  }

  async #release(session: number): Promise<void> {
    this.#process.forget(measuresOf(session));
    await this.#process.request({ kind: 'release', session }, 'the release of a network');
  }
}

/** Without what a model file contains besides the network, such as the guard's statistics. */
function ownTensors({ architecture, tensors }: NetworkWithWeights): NetworkWithWeights['tensors'] {
  return new Map([...tensors].filter(([name]) => architecture.layers.some((layer) => name.startsWith(`${layer.name}.`))));
}
