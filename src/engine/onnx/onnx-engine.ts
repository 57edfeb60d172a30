import { Fault } from '../../errors.js';
import { checkWeights } from '../../network/check-weights.js';
import { isForeignGraph } from '../../network/loadable-network.js';
import { checkInput, checkPrediction } from '../check-prediction.js';
import { checkTrainer, checkTrainingBatch } from '../check-trainer.js';
import type { Engine, EngineDescription, LoadableNetwork, NetworkWithWeights, Predictor } from '../engine.js';
import { ForeignPredictor } from '../foreign/foreign-predictor.js';
import { runtimeFor } from '../foreign/foreign-runtime.js';
import type { Trainer, TrainerOptions, TrainingEngine } from '../trainer.js';
import { defaultAnswerLimits, type AnswerLimits, type Work } from '../answer-limits.js';
import { ComputeProcess } from '../compute-process.js';
import { childEnvironment } from '../../lib/child-environment.js';
import { measuresOf, describeRequest, workOf } from '../network-requests.js';
import type { OnnxReply, OnnxRequest, OnnxSessionSettings } from './protocol.js';

export interface OnnxEngineOptions {
  readonly settings: OnnxSessionSettings;
  readonly description: EngineDescription;
  readonly limits?: AnswerLimits | undefined;
  /** The process's program; tests put one here that hangs. */
  readonly program?: URL;
}

/** An engine on onnxruntime: one process of its own, in which every network loaded has a session. */
export class OnnxEngine implements Engine, TrainingEngine {
  readonly description: EngineDescription;
  readonly #settings: OnnxSessionSettings;
  readonly #process: ComputeProcess;
  readonly #limits: AnswerLimits;
  #sessions = 0;

  constructor({
    settings,
    description,
    limits = defaultAnswerLimits,
    program = new URL('./process.js', import.meta.url),
  }: OnnxEngineOptions) {
    this.#settings = settings;
    this.description = description;
    this.#limits = limits;
    this.#process = new ComputeProcess({ program, arguments: [], environment: childEnvironment(), limits });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get stalled(): boolean {
    return this.#process.stalled;
  }

  /**
   * @throws Fault 'model-invalid' if weights and architecture do not belong together,
   *   'engine-failed' if onnxruntime does not take the network, 'engine-unavailable' naming a package that a graph's format needs
   */
  async load(network: LoadableNetwork): Promise<Predictor> {
    if (isForeignGraph(network))
      return ForeignPredictor.load(network, runtimeFor(network.format, { threads: this.#settings.threads, onnx: this.#settings }), {
        limits: this.#limits,
      });
    const { architecture } = network;
    const tensors = ownTensors(network);
    checkWeights(architecture, tensors);
    const session = this.#sessions++;
    await this.#request({ kind: 'load', session, network: { architecture, tensors }, settings: this.#settings }, 'loading a network');
    return {
      predict: async (input) => {
        checkInput(input, architecture.inputChannels);
        return checkPrediction(
          await this.#request({ kind: 'predict', session, input }, describeRequest('predict', input), workOf(session, 'predict', input)),
        );
      },
      release: async () => {
        await this.#release(session);
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
    await this.#request({ kind: 'start-trainer', session, options: checked, settings: this.#settings }, 'the start of training');
    return {
      step: async (batch, rates) => {
        checkTrainingBatch(options, batch, rates);
        const result = await this.#request(
          { kind: 'step', session, batch, rates },
          describeRequest('step', batch.input),
          workOf(session, 'step', batch.input),
        );
        if ('diverged' in result) throw new Fault('training-diverged', result.diverged);
        return result;
      },
      state: () => this.#request({ kind: 'state', session }, 'the state of training'),
      release: async () => {
        await this.#release(session);
      },
    };
  }

  /** Ends the process; what is being computed is given up. */
  async close(): Promise<void> {
    await this.#process.stop();
  }

  async #release(session: number): Promise<void> {
    this.#process.forget(measuresOf(session));
    await this.#request({ kind: 'release', session }, 'the release of a network');
  }

  /** The reply of the process has the type that Replies gives for this kind of request. */
  async #request<R extends OnnxRequest>(request: R, what: string, work?: Work): Promise<OnnxReply<R>> {
    return (await this.#process.request(request, what, work)) as OnnxReply<R>;
  }
}

/** Without what a model file contains besides the network, such as the guard's statistics. */
function ownTensors({ architecture, tensors }: NetworkWithWeights): NetworkWithWeights['tensors'] {
  return new Map([...tensors].filter(([name]) => architecture.layers.some((layer) => name.startsWith(`${layer.name}.`))));
}
