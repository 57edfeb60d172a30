import { Fault } from '../errors.js';
import type { Log } from '../log.js';
import type { StartedEngine } from './candidates.js';
import { notBegun } from './compute-process.js';
import type { EngineDescription, InputBatch, LoadableNetwork, Prediction, Predictor } from './engine.js';
import { PlacedNetwork } from './placed-network.js';
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
  /** Restarts the engine in use; called when no other is left. After another took over, that one's `start` is. */
  readonly again?: Successor | undefined;
}

/** Whether work can be done: `stalled` while a request takes suspiciously long, `lost` while nothing has taken over. */
export type EngineCondition = 'computes' | 'stalled' | 'lost';

/** Engines that one call may lose. If it loses more, the call itself may be the cause: its job is retried later. */
const maxLossesOfCall = 3;

/**
 * An engine that outlives the loss of what it runs on: a GPU that falls off the bus, a driver that is exchanged or that hangs, a
 * process that ends. An engine counts as lost if it also fails with the small network with which it was
 * chosen.
 *
 * Then the next one is started, or the same afresh where there is no other, every network is put on it, and what failed is
 * computed again there.
 */
export class FallbackEngine implements StartedEngine, TrainingEngine {
  readonly #log: Log;
  readonly #loaded = new Set<PlacedNetwork>();
  #engine: StartedEngine;
  #others: readonly Successor[];
  #again: Successor | undefined;
  #closed = false;
  #lost = false;
  /** One replacement at a time, however many calls failed. */
  #replacing: Promise<void> | undefined;

  constructor({ engine, others, log, again }: FallbackEngineOptions) {
    this.#engine = engine;
    this.#others = others;
    this.#again = again;
    this.#log = log;
  }

  /** Of the engine in use now. */
  get description(): EngineDescription {
    return this.#engine.description;
  }

  get pid(): number | undefined {
    return this.#engine.pid;
  }

  get condition(): EngineCondition {
    if (this.#lost) return 'lost';
    return this.#engine.stalled ? 'stalled' : 'computes';
  }

  async load(network: LoadableNetwork): Promise<Predictor> {
    const placed = new PlacedNetwork(network);
    await this.#attempt((engine) => placed.on(engine));
    this.#loaded.add(placed);
    return {
      predict: (input) => this.#attempt((engine) => predictOn(engine, placed, input)),
      release: async () => {
        this.#loaded.delete(placed);
        await placed.release();
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
    await this.#replacing?.catch(() => undefined);
    await this.#engine.close();
  }

  /** Again on the next engine as long as the one in use turns out to be lost. */
  async #attempt<T>(work: (engine: StartedEngine) => Promise<T>): Promise<T> {
    for (let losses = 0; ; ) {
      await this.#replacing;
      const engine = this.#engine;
      try {
        return await work(engine);
      } catch (error) {
        if (!(error instanceof Fault && error.code === 'engine-failed') || this.#closed) throw error;
        if (engine === this.#engine) {
          if (await computes(engine)) throw error;
          if (engine === this.#engine)
            await (this.#replacing ??= this.#replace(engine, error.detail).finally(() => (this.#replacing = undefined)));
        }
        if (error.cause !== notBegun && ++losses >= maxLossesOfCall) throw error;
      }
    }
  }

  /** @throws Fault 'engine-failed' if no other engine takes over */
  async #replace(lost: StartedEngine, reason: string): Promise<void> {
    this.#lost = true;
    void lost.close().catch(() => undefined);
    const successors = [...this.#others, ...(this.#again ? [this.#again] : [])];
    for (const [index, successor] of successors.entries()) {
      if (this.#closed) break;
      let next: StartedEngine | undefined;
      try {
        next = await successor.start(`In place of ${lost.description.name}, which was lost (${reason}).`);
        const { description } = next;
        for (const placed of this.#loaded) await placed.on(next);
        this.#engine = next;
        this.#others = this.#others.slice(index + 1);
        this.#again &&= successor;
        this.#lost = false;
        this.#log.error('engine lost, another took over', { lost: lost.description.name, reason, engine: description.name });
        return;
      } catch (error) {
        void next?.close().catch(() => undefined);
        this.#log.error('an engine cannot replace the failed one', {
          engine: successor.name,
          reason: error instanceof Error ? error.message : String(error),
        });
      }
    }
    throw new Fault('engine-failed', `${lost.description.name} was lost (${reason}) and no other engine starts`);
  }
}

async function predictOn(engine: StartedEngine, placed: PlacedNetwork, input: InputBatch): Promise<Prediction> {
  const prediction = await (await placed.on(engine)).predict(input);
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
