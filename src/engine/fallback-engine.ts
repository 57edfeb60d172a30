import { Fault } from '../errors.js';
import type { Log } from '../log.js';
import type { StartedEngine } from './candidates.js';
import type { EngineDescription, InputBatch, NetworkWithWeights, Prediction, Predictor } from './engine.js';
import { probeInput, probeNetwork } from './probe-network.js';
import type { Trainer, TrainerOptions, TrainingEngine } from './trainer.js';

/** An engine that may be started when the one in use is lost. */
interface Successor {
  readonly name: string;
  start(why: string): Promise<StartedEngine>;
}

export interface FallbackEngineOptions {
  readonly engine: StartedEngine;
  /** In the order in which they are to be tried. */
  readonly others: readonly Successor[];
  readonly log: Log;
}

/** A network as the caller holds it; what it is on changes with the engine. */
interface Loaded {
  readonly network: NetworkWithWeights;
  predictor: Predictor;
}

/**
 * An engine that outlives the loss of what it runs on: a GPU that falls off the bus, a driver that is exchanged, a process that
 * ends. Whether an engine is lost is asked of itself: if it fails with the small network too with which it was chosen, it is.
 *
 * Then the next one is started, every network is put on it, and what failed is computed again there.
 */
export class FallbackEngine implements StartedEngine, TrainingEngine {
  readonly #log: Log;
  readonly #loaded = new Set<Loaded>();
  #engine: StartedEngine;
  #others: readonly Successor[];
  #closed = false;
  /** One replacement at a time, however many calls failed. */
  #replacing: Promise<void> | undefined;

  constructor({ engine, others, log }: FallbackEngineOptions) {
    this.#engine = engine;
    this.#others = others;
    this.#log = log;
  }

  /** Of the engine in use now. */
  get description(): EngineDescription {
    return this.#engine.description;
  }

  async load(network: NetworkWithWeights): Promise<Predictor> {
    const entry = await this.#attempt(async (engine) => ({ network, predictor: await engine.load(network) }));
    this.#loaded.add(entry);
    return {
      predict: (input) => this.#attempt((engine) => predictOn(engine, entry, input)),
      release: async () => {
        this.#loaded.delete(entry);
        await entry.predictor.release();
      },
    };
  }

  /**
   * On the engine in use. A trainer does not move to another engine in mid-run: if its engine is lost a step fails, and
   * training goes on from its last checkpoint with a trainer started anew, here, on what took over.
   *
   * @throws Fault 'engine-unavailable' if the engine in use cannot train
   */
  startTrainer(options: TrainerOptions): Promise<Trainer> {
    return this.#attempt((engine) => {
      if (!engine.startTrainer) throw new Fault('engine-unavailable', `${engine.description.name} cannot train`);
      return engine.startTrainer(options);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#engine.close();
  }

  /** Again on the next engine as long as the one in use turns out to be lost. */
  async #attempt<T>(work: (engine: StartedEngine) => Promise<T>): Promise<T> {
    for (;;) {
      await this.#replacing;
      const engine = this.#engine;
      try {
        return await work(engine);
      } catch (error) {
        if (!(error instanceof Fault && error.code === 'engine-failed') || this.#closed) throw error;
        if (engine !== this.#engine) continue;
        if (this.#others.length === 0 || (await computes(engine))) throw error;
        if (engine === this.#engine) await (this.#replacing ??= this.#replace(engine, error.detail).finally(() => (this.#replacing = undefined)));
      }
    }
  }

  /** @throws Fault 'engine-failed' if no other engine takes over */
  async #replace(lost: StartedEngine, reason: string): Promise<void> {
    for (const [index, { name, start }] of this.#others.entries()) {
      try {
        const next = await start(`In place of ${lost.description.name}, which was lost (${reason}).`);
        const predictors = await Promise.all([...this.#loaded].map(async (entry) => [entry, await next.load(entry.network)] as const));
        for (const [entry, predictor] of predictors) entry.predictor = predictor;
        this.#engine = next;
        this.#others = this.#others.slice(index + 1);
        this.#log.error('engine lost, another took over', { lost: lost.description.name, reason, engine: next.description.name });
        await lost.close().catch(() => undefined);
        return;
      } catch (error) {
        this.#log.error('engine does not take over', { engine: name, reason: error instanceof Error ? error.message : String(error) });
      }
    }
    throw new Fault('engine-failed', `${lost.description.name} was lost (${reason}) and no other engine starts`);
  }
}

async function predictOn(engine: StartedEngine, { predictor }: Loaded, input: InputBatch): Promise<Prediction> {
  const prediction = await predictor.predict(input);
  return { ...prediction, engine: prediction.engine ?? engine.description };
}

/** Whether the engine still does what it did when it was chosen. */
async function computes(engine: StartedEngine): Promise<boolean> {
  try {
    const predictor = await engine.load(probeNetwork());
    await predictor.predict(probeInput());
    await predictor.release();
    return true;
  } catch {
    return false;
  }
}
