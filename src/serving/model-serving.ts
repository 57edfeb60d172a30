import type { Engine } from '../engine/engine.js';
import { Fault } from '../errors.js';
import { termsOf, type FindingsConfig } from '../findings-config.js';
import { within } from '../lib/within.js';
import { placeOf, type Log } from '../log.js';
import type { ModelVersion } from '../registry/model-version.js';
import type { Registry } from '../registry/registry.js';
import { serveModel } from './served-model.js';
import type { ImageReader } from './image-reader.js';
import type { ServedModel } from './model.js';
import type { OpenReader } from './image-reader.js';
import { LoadFailures } from './load-failures.js';

/** A model on the engine, and the reader that gives pictures in its size. */
export interface LoadedModelVersion {
  readonly model: ServedModel;
  readonly reader: ImageReader;
}

/** A model that stays loaded until it is let go, whatever is promoted meanwhile. */
export interface AcquiredModel extends LoadedModelVersion {
  release(): void;
}

/** The model in service and, if there is one, the challenger that judges in shadow. */
export interface Serving {
  champion(): ServedModel;
  challenger(): ServedModel | undefined;
  /** Gives pictures in the size of the champion of now. */
  readonly reader: ImageReader;
  /** For one study: the champion of now. */
  acquireChampion(): AcquiredModel;
  /** Undefined if that version is not the challenger any more. */
  acquireChallenger(version: string): AcquiredModel | undefined;
  /** Looks at the registry now instead of at the next turn. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

export interface ServingParts {
  readonly registry: Registry;
  readonly engine: Engine;
  readonly findings: FindingsConfig;
  readonly reader: OpenReader;
  /** In service at the start, on the engine already. */
  readonly first: { readonly version: ModelVersion; readonly model: LoadedModel };
  readonly watchIntervalMs: number;
  readonly log: Log;
}

export type LoadedModel = ServedModel & { release(): Promise<void> };

/** @throws Fault 'config-invalid' for an output that config/findings.json does not name */
export function checkTerms({ networks }: ModelVersion, findings: FindingsConfig): void {
  for (const { outputs } of Object.values(networks)) for (const { kind, name } of outputs) if (kind === 'finding') termsOf(findings, name);
}

/** @throws Fault 'config-invalid' as checkTerms does */
export async function loadOntoEngine(version: ModelVersion, engine: Engine, findings: FindingsConfig): Promise<LoadedModel> {
  checkTerms(version, findings);
  return serveModel(version, engine, (name) => termsOf(findings, name));
}

/**
 * Follows the registry's aliases. A new champion is loaded beside the old one, takes over between two studies, and the old one is
 * released when its last study is done: no study waits, none is judged by two models. What cannot be loaded changes nothing, is
 * said in the log once, and is tried again ever more rarely, or when the registry changes.
 */
export function startServing(parts: ServingParts): Serving {
  const { registry, watchIntervalMs, log } = parts;
  let champion = new Loaded(parts.first.version, parts.first.model, parts.reader);
  let challenger: Loaded | undefined;
  const failures = new LoadFailures(watchIntervalMs);
  let closed = false;
  /** Whether the registry was there, and is missing now: reported once. */
  let seen = false;
  let missing = false;
  const load = async (version: string, revision: number): Promise<Loaded | undefined> => {
    if (!failures.mayTry(version, revision)) return undefined;
    try {
      const found = await registry.load(version);
      const loaded = new Loaded(found, await loadOntoEngine(found, parts.engine, parts.findings), parts.reader);
      failures.loaded(version);
      return loaded;
    } catch (error) {
      const reason = error instanceof Fault ? { code: error.code, detail: error.detail } : { code: 'bug', detail: placeOf(error) };
      if (failures.failed(version, revision, `${reason.code} ${reason.detail}`))
        log.error('model cannot be put in service; the one before stays', { version, ...reason });
      return undefined;
    }
  };
  const follow = async (): Promise<void> => {
    const aliases = await registry.aliases();
    if (aliases) missing = false;
    else if (!missing && !closed && seen) {
      missing = true;
      log.warn(
        'the registry of models is gone; the model in service stays until the service ends, then the shipped model serves: restore the folder',
        { registry: registry.directory },
      );
    }
    if (!aliases || closed) return;
    seen = true;
    if (aliases.champion !== champion.version) {
      // The challenger that is promoted is on the engine already.
      const next = aliases.champion === challenger?.version ? challenger : await load(aliases.champion, aliases.revision);
      if (next) {
        const before = champion;
        champion = next;
        if (next === challenger) challenger = undefined;
        before.retire();
        log.info('model in service', {
          model: next.model.name,
          version: next.version,
          deviceUID: next.model.deviceUID,
          before: before.version,
        });
      }
    }
    const wanted = aliases.challenger === champion.version ? null : aliases.challenger;
    if (wanted === (challenger?.version ?? null)) return;
    challenger?.retire();
    const before = challenger?.version;
    challenger = wanted === null ? undefined : await load(wanted, aliases.revision);
    if (challenger?.version !== before)
      log.info(challenger ? 'challenger judges in shadow' : 'no challenger', { ...(challenger ? { version: challenger.version } : {}) });
  };
  let turn: Promise<void> = Promise.resolve();
  const refresh = (): Promise<void> => (turn = turn.then(follow, follow));
  const timer = setInterval(
    () => void refresh().catch((error: unknown) => log.warn('the registry cannot be read', { reason: placeOf(error) })),
    watchIntervalMs,
  );
  timer.unref();
  return {
    champion: () => champion.model,
    challenger: () => challenger?.model,
    reader: {
      readXray: (file) => champion.reader.readXray(file),
      readCtSlice: (file, frameNumber) => champion.reader.readCtSlice(file, frameNumber),
      lungFraction: (file, frameNumber) => champion.reader.lungFraction(file, frameNumber),
      readPicture: (file) => champion.reader.readPicture(file),
    },
    acquireChampion: () => champion.hold(),
    acquireChallenger: (version) => (challenger?.version === version ? challenger.hold() : undefined),
    refresh,
    async close() {
      closed = true;
      clearInterval(timer);
      await turn.catch(() => undefined);
      // an engine that hangs is ended by whoever started it
      await within(releaseMs, Promise.allSettled([champion.end(), challenger?.end()]));
    },
  };
}

/** A release is answered at once, unless the engine computes or hangs. */
const releaseMs = 2_000;

/** A model with the count of those who hold it. */
class Loaded {
  readonly version: string;
  readonly reader: ImageReader;
  #holders = 0;
  #retired = false;

  constructor(
    { version, networks }: ModelVersion,
    readonly model: LoadedModel,
    reader: OpenReader,
  ) {
    this.version = version;
    this.reader = reader.forSizes({ xray: networks.xray?.input, ct: networks.ct?.input });
  }

  hold(): AcquiredModel {
    this.#holders++;
    let held = true;
    return {
      model: this.model,
      reader: this.reader,
      release: () => {
        if (!held) return;
        held = false;
        this.#holders--;
        this.#releaseIfIdle();
      },
    };
  }

  /** No study takes it up any more. */
  retire(): void {
    this.#retired = true;
    this.#releaseIfIdle();
  }

  end(): Promise<void> {
    return this.model.release();
  }

  #releaseIfIdle(): void {
    // A release that fails leaves memory in use until the end; no study depends on it.
    if (this.#retired && this.#holders === 0) this.model.release().catch(() => undefined);
  }
}
