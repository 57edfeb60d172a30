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

/** A model on the engine, and the reader that gives images in the size of its networks. */
export interface LoadedModelVersion {
  readonly model: ServedModel;
  readonly reader: ImageReader;
}

/** A model that stays loaded until it is released, even if another one is promoted meanwhile. */
export interface AcquiredModel extends LoadedModelVersion {
  release(): void;
}

/** The deployed model and, if there is one, the challenger that makes shadow predictions. */
export interface Serving {
  champion(): ServedModel;
  challenger(): ServedModel | undefined;
  /** Gives images in the size of the present champion. */
  readonly reader: ImageReader;
  /** The present champion, for one study. */
  acquireChampion(): AcquiredModel;
  /** @returns undefined if that version is no longer the challenger */
  acquireChallenger(version: string): AcquiredModel | undefined;
  /** Reads the registry now instead of at the next interval. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

export interface ServingParts {
  readonly registry: Registry;
  readonly engine: Engine;
  readonly findings: FindingsConfig;
  readonly reader: OpenReader;
  /** Deployed at the start; it is on the engine already. */
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
 * Follows the registry's aliases. A new champion is loaded beside the old one and takes over between two studies; the old one is
 * released when its last study is done. So no study waits, and none is reported by two models. A version that cannot be loaded
 * changes nothing, is logged once, and is tried again after growing delays, or when the registry changes.
 */
export function startServing(parts: ServingParts): Serving {
  const { registry, watchIntervalMs, log } = parts;
  let champion = new CountedModel(parts.first.version, parts.first.model, parts.reader);
  let challenger: CountedModel | undefined;
  const failures = new LoadFailures(watchIntervalMs);
  let closed = false;
  /** Whether the registry existed, and is missing now: logged once. */
  let wasRead = false;
  let isMissing = false;
  const load = async (version: string, revision: number): Promise<CountedModel | undefined> => {
    if (!failures.mayTry(version, revision)) return undefined;
    try {
      const found = await registry.load(version);
      const loaded = new CountedModel(found, await loadOntoEngine(found, parts.engine, parts.findings), parts.reader);
      failures.loaded(version);
      return loaded;
    } catch (error) {
      const reason = error instanceof Fault ? { code: error.code, detail: error.detail } : { code: 'bug', detail: placeOf(error) };
      if (failures.failed(version, revision, `${reason.code} ${reason.detail}`))
        log.error('the model version cannot be loaded; the previous one stays deployed', { version, ...reason });
      return undefined;
    }
  };
  const follow = async (): Promise<void> => {
    const aliases = await registry.aliases();
    if (aliases) isMissing = false;
    else if (!isMissing && !closed && wasRead) {
      isMissing = true;
      log.warn(
        'the model registry is missing; the deployed model is used until the service stops, after that the shipped model: restore the folder',
        { registry: registry.directory },
      );
    }
    if (!aliases || closed) return;
    wasRead = true;
    if (aliases.champion !== champion.version) {
      // A challenger that is promoted is on the engine already.
      const next = aliases.champion === challenger?.version ? challenger : await load(aliases.champion, aliases.revision);
      if (next) {
        const before = champion;
        champion = next;
        if (next === challenger) challenger = undefined;
        before.markRetired();
        log.info('model deployed', {
          model: next.model.name,
          version: next.version,
          deviceUID: next.model.deviceUID,
          before: before.version,
        });
      }
    }
    const wanted = aliases.challenger === champion.version ? null : aliases.challenger;
    if (wanted === (challenger?.version ?? null)) return;
    challenger?.markRetired();
    const before = challenger?.version;
    challenger = wanted === null ? undefined : await load(wanted, aliases.revision);
    if (challenger?.version !== before)
      log.info(challenger ? 'the challenger makes shadow predictions' : 'there is no challenger', {
        ...(challenger ? { version: challenger.version } : {}),
      });
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
    acquireChampion: () => champion.acquire(),
    acquireChallenger: (version) => (challenger?.version === version ? challenger.acquire() : undefined),
    refresh,
    async close() {
      closed = true;
      clearInterval(timer);
      await turn.catch(() => undefined);
      // The engine itself is closed by the part that started it, even if it hangs.
      await within(releaseMs, Promise.allSettled([champion.close(), challenger?.close()]));
    },
  };
}

/** An engine releases a network at once, unless it computes or hangs. */
const releaseMs = 2_000;

/** A model with the number of its present users. */
class CountedModel {
  readonly version: string;
  readonly reader: ImageReader;
  #users = 0;
  #retired = false;

  constructor(
    { version, networks }: ModelVersion,
    readonly model: LoadedModel,
    reader: OpenReader,
  ) {
    this.version = version;
    this.reader = reader.forSizes({ xray: networks.xray?.input, ct: networks.ct?.input });
  }

  acquire(): AcquiredModel {
    this.#users++;
    let isAcquired = true;
    return {
      model: this.model,
      reader: this.reader,
      release: () => {
        if (!isAcquired) return;
        isAcquired = false;
        this.#users--;
        this.#releaseIfIdle();
      },
    };
  }

  /** No further study acquires it: it is released when its last user releases it. */
  markRetired(): void {
    this.#retired = true;
    this.#releaseIfIdle();
  }

  close(): Promise<void> {
    return this.model.release();
  }

  #releaseIfIdle(): void {
    // If releasing fails, memory stays in use until the service stops; no study depends on it.
    if (this.#retired && this.#users === 0) this.model.release().catch(() => undefined);
  }
}
