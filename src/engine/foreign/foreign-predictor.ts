import { Fault } from '../../errors.js';
import type { ForeignGraph } from '../../network/foreign-graph.js';
import { defaultAnswerLimits, type AnswerLimits } from '../answer-limits.js';
import { checkInput, checkPrediction } from '../check-prediction.js';
import type { InputBatch, Prediction, Predictor } from '../engine.js';
import { workOf } from '../network-requests.js';
import { startRuntime, type ForeignRequests, type ForeignRuntime } from './foreign-runtime.js';

/** Of a graph that serves; a GPU's driver reserves more than it uses, so that there is no limit then. */
const servingMemoryMb = 4_096;

interface Started {
  readonly requests: ForeignRequests;
  readonly place: string;
}

/**
 * A graph of others on its engine, in a process of its own: if it crashes or hangs, no other network notices, and the next prediction
 * starts the process again.
 */
export class ForeignPredictor implements Predictor {
  #started: Promise<Started> | undefined;
  #released = false;

  private constructor(
    private readonly graph: ForeignGraph,
    private readonly channels: number | undefined,
    private readonly runtime: ForeignRuntime,
    private readonly limits: AnswerLimits,
  ) {}

  /**
   * @param channels of the pictures, where known
   * @throws Fault 'engine-failed' if the engine does not take the graph, 'engine-unavailable' if it does not start
   */
  static async load(
    graph: ForeignGraph,
    runtime: ForeignRuntime,
    { limits = defaultAnswerLimits, channels }: { readonly limits?: AnswerLimits | undefined; readonly channels?: number } = {},
  ): Promise<ForeignPredictor> {
    const predictor = new ForeignPredictor(graph, channels, runtime, limits);
    await predictor.#start();
    return predictor;
  }

  async predict(input: InputBatch): Promise<Prediction> {
    checkInput(input, this.channels ?? input.channels);
    const started = await this.#start();
    let prediction: Prediction;
    try {
      prediction = await started.requests.predict(input, workOf(0, 'predict', input));
    } catch (error) {
      // whether or not the process ended, a fresh one has forgotten what failed
      this.#started = undefined;
      void started.requests.stop();
      throw error;
    }
    if (prediction.outputs !== this.graph.outputs)
      throw new Fault(
        'engine-failed',
        `${this.graph.main}: expected ${this.graph.outputs} outputs, found ${prediction.outputs}`,
        {},
        { retryable: false },
      );
    return { ...checkPrediction(prediction), engine: { name: started.place, why: `The format ${this.graph.format} needs it.` } };
  }

  async release(): Promise<void> {
    this.#released = true;
    const started = await this.#started?.catch(() => undefined);
    await started?.requests.stop();
  }

  #start(): Promise<Started> {
    if (this.#released) return Promise.reject(new Fault('engine-failed', 'the network was released', {}, { retryable: false }));
    if (this.#started) return this.#started;
    const starting = this.#open();
    this.#started = starting;
    starting.catch(() => {
      if (this.#started === starting) this.#started = undefined;
    });
    return starting;
  }

  async #open(): Promise<Started> {
    const onProcessor =
      this.runtime.kind === 'onnx' ? this.runtime.settings.provider === 'cpu' : ['cpu', 'wasm'].includes(this.runtime.settings.backend);
    const requests = await startRuntime(this.runtime, {
      limits: this.limits,
      ...(onProcessor ? { confinement: { memoryMb: servingMemoryMb, threads: this.runtime.settings.threads } } : {}),
    });
    try {
      await requests.load(this.graph);
    } catch (error) {
      await requests.stop();
      throw error;
    }
    return { requests, place: requests.place };
  }
}
