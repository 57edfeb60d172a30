import type { ModelLine } from '../config.js';
import type { Engine } from '../engine/engine.js';
import { Fault } from '../errors.js';
import { termsOf, type FindingsConfig } from '../findings-config.js';
import { within } from '../lib/within.js';
import { placeOf, type Log } from '../log.js';
import type { ModelVersion } from '../registry/model-version.js';
import type { Registry } from '../registry/registry.js';
import { reportingOnly } from './reporting-only.js';
import { serveModel } from './served-model.js';
import type { DisplayReader, ImageReader } from './image-reader.js';
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

/** The deployed model of a line, if it has one that can be loaded, and its challenger that makes shadow predictions, if there is one. */
export interface LineServing {
  champion(): ServedModel | undefined;
  challenger(): ServedModel | undefined;
  /** The present champion, for one study. */
  acquireChampion(): AcquiredModel | undefined;
  /** Why there is no champion, although the registry names one. */
  failure(): { readonly version: string; readonly code: string } | undefined;
  /** @returns undefined if that version is no longer the challenger */
  acquireChallenger(version: string): AcquiredModel | undefined;
  /** Reads the registry now instead of at the next interval. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

/** The default line always has a champion. */
export interface Serving extends LineServing {
  champion(): ServedModel;
  acquireChampion(): AcquiredModel;
  /** Gives images in the size of the present champion. */
  readonly reader: DisplayReader;
}

export interface LineServingParts {
  readonly registry: Registry;
  readonly engine: Engine;
  readonly findings: FindingsConfig;
  readonly reader: OpenReader;
  /** What its model reports, and by which thresholds; by default all, by those of the version and of the configuration. */
  readonly line?: ReportedByLine;
  readonly watchIntervalMs: number;
  readonly log: Log;
}

export interface ServingParts extends LineServingParts {
  /** Deployed at the start; it is on the engine already. */
  readonly first: { readonly version: ModelVersion; readonly model: LoadedModel };
}

export type LoadedModel = ServedModel & { release(): Promise<void> };

/** The part of a line's settings that decides what its model reports. */
export type ReportedByLine = Pick<ModelLine, 'findings' | 'thresholds'>;

const everything: ReportedByLine = { findings: undefined, thresholds: {} };

/** @throws Fault 'config-invalid' for a reported output that config/findings.json does not name, or a reported finding that is no output */
export function checkTerms(
  { networks, version }: ModelVersion,
  findings: FindingsConfig,
  { findings: reported }: ReportedByLine = everything,
): void {
  const outputs = Object.values(networks).flatMap((network) =>
    network.outputs.flatMap(({ kind, name }) => (kind === 'finding' ? [name] : [])),
  );
  const missing = reported?.find((name) => !outputs.includes(name));
  if (missing !== undefined)
    throw new Fault(
      'config-invalid',
      `models, findings: expected outputs of version ${version}, which are ${outputs.join(', ')}, found ${missing}`,
    );
  for (const name of reported ?? outputs) termsOf(findings, name);
}

/** @throws Fault 'config-invalid' as checkTerms does */
export async function loadOntoEngine(
  version: ModelVersion,
  engine: Engine,
  findings: FindingsConfig,
  line: ReportedByLine = everything,
): Promise<LoadedModel> {
  checkTerms(version, findings, line);
  const isReported = (name: string): boolean => line.findings?.includes(name) ?? true;
  const model = await serveModel(version, engine, (name) =>
    isReported(name) ? { ...termsOf(findings, name), ...(Object.hasOwn(line.thresholds, name) ? line.thresholds[name] : {}) } : {},
  );
  return line.findings ? reportingOnly(isReported, model) : model;
}

/**
 * Follows the registry's aliases. A new champion is loaded beside the old one and takes over between two studies; the old one is
 * released when its last study is done. So no study waits, and none is reported by two models. A version that cannot be loaded
 * changes nothing, is logged once, and is tried again after growing delays, or when the registry changes.
 */
export function startServing(parts: ServingParts): Serving {
  const champion = new CountedModel(parts.first.version, parts.first.model, parts.reader);
  const serving = startLineServing(parts, champion);
  // A champion is replaced and never taken away.
  const present = (): AcquiredModel => serving.acquireChampion()!;
  const reading = async <Read>(read: (reader: DisplayReader) => Promise<Read>): Promise<Read> => read(serving.championReader()!);
  return {
    ...serving,
    champion: () => serving.champion()!,
    acquireChampion: present,
    reader: {
      readXray: (file) => reading((reader) => reader.readXray(file)),
      readCtSlice: (file, frameNumber) => reading((reader) => reader.readCtSlice(file, frameNumber)),
      lungFraction: (file, frameNumber) => reading((reader) => reader.lungFraction(file, frameNumber)),
      readPicture: (file) => reading((reader) => reader.readPicture(file)),
      readDisplayFrame: (file, frameNumber) => reading((reader) => reader.readDisplayFrame(file, frameNumber)),
    },
  };
}

/** The same for a line that may have no champion, or one that cannot be loaded. Its champion is loaded at the first refresh. */
export function startLineServing(
  parts: LineServingParts,
  first?: CountedModel,
): LineServing & { championReader(): DisplayReader | undefined } {
  const { registry, watchIntervalMs, log } = parts;
  let champion = first;
  let failure: { readonly version: string; readonly code: string } | undefined;
  let challenger: CountedModel | undefined;
  const failures = new LoadFailures(watchIntervalMs);
  let closed = false;
  /** Whether the registry existed, and is missing now: logged once. */
  let wasRead = false;
  let isMissing = false;
  const load = async (role: 'champion' | 'challenger', version: string, revision: number): Promise<CountedModel | undefined> => {
    if (!failures.mayTry(version, revision)) return undefined;
    try {
      const found = await registry.load(version);
      const loaded = new CountedModel(found, await loadOntoEngine(found, parts.engine, parts.findings, parts.line), parts.reader);
      failures.loaded(version);
      return loaded;
    } catch (error) {
      const reason = error instanceof Fault ? { code: error.code, detail: error.detail } : { code: 'bug', detail: placeOf(error) };
      if (!champion && role === 'champion') failure = { version, code: reason.code };
      if (failures.failed(version, revision, `${reason.code} ${reason.detail}`))
        log.error(
          champion || role === 'challenger'
            ? 'the model version cannot be loaded; the previous one stays deployed'
            : 'the model version cannot be loaded; its line takes no part in reports',
          { version, ...reason },
        );
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
    if (aliases.champion !== champion?.version) {
      // A challenger that is promoted is on the engine already.
      const next = aliases.champion === challenger?.version ? challenger : await load('champion', aliases.champion, aliases.revision);
      if (next) {
        const before = champion;
        champion = next;
        failure = undefined;
        if (next === challenger) challenger = undefined;
        before?.markRetired();
        log.info('model deployed', {
          model: next.model.name,
          version: next.version,
          deviceUID: next.model.deviceUID,
          ...(before ? { before: before.version } : {}),
        });
      }
    }
    const wanted = aliases.challenger === champion?.version ? null : aliases.challenger;
    if (wanted === (challenger?.version ?? null)) return;
    challenger?.markRetired();
    const before = challenger?.version;
    challenger = wanted === null ? undefined : await load('challenger', wanted, aliases.revision);
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
    champion: () => champion?.model,
    challenger: () => challenger?.model,
    acquireChampion: () => champion?.acquire(),
    championReader: () => champion?.reader,
    failure: () => failure,
    acquireChallenger: (version) => (challenger?.version === version ? challenger.acquire() : undefined),
    refresh,
    async close() {
      closed = true;
      clearInterval(timer);
      await turn.catch(() => undefined);
      // The engine itself is closed by the part that started it, even if it hangs.
      await within(releaseMs, Promise.allSettled([champion?.close(), challenger?.close()]));
    },
  };
}

/** An engine releases a network at once, unless it computes or hangs. */
const releaseMs = 2_000;

/** A model with the number of its present users. */
class CountedModel {
  readonly version: string;
  readonly reader: DisplayReader;
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
