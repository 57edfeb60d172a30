import { Fault } from '../errors.js';
import type { StartedEngine } from './candidates.js';
import type { LoadableNetwork, Predictor } from './engine.js';

/**
 * A network for its user, on whichever engine is in use: it is loaded there when it is first needed there, so that no
 * change of engines can miss it, also one that happens while it is being loaded.
 */
export class PlacedNetwork {
  #engine: StartedEngine | undefined;
  #predictor: Promise<Predictor> | undefined;
  #released = false;

  constructor(private readonly network: LoadableNetwork) {}

  /** @throws Fault as `engine.load` does, the next call loads it again; 'engine-failed' if it was released */
  on(engine: StartedEngine): Promise<Predictor> {
    if (this.#predictor && this.#engine === engine) return this.#predictor;
    if (this.#released) return Promise.reject(new Fault('engine-failed', 'the network was released', {}, { retryable: false }));
    const loading = engine.load(this.network);
    this.#engine = engine;
    this.#predictor = loading;
    loading.catch(() => {
      if (this.#predictor === loading) this.#predictor = undefined;
    });
    return loading;
  }

  /** Frees its memory on the engine in use; those before it were closed. */
  async release(): Promise<void> {
    this.#released = true;
    // a load that fails leaves nothing to release
    const predictor = await this.#predictor?.catch(() => undefined);
    await predictor?.release();
  }
}
