import type { Engine } from '../engine/engine.js';
import { Fault } from '../errors.js';
import type { FindingsConfig } from '../findings-config.js';
import type { Registry } from '../registry/registry.js';
import type { OpenReader } from './image-reader.js';
import type { ModelVersion } from '../registry/model-version.js';
import { loadOntoEngine, type AcquiredModel, type LineServing, type LoadedModel, type LoadedModelVersion } from './model-serving.js';

/** Models that a user tries on files of their own, beside the deployed ones. */
export interface TriedModels {
  /**
   * The champion or challenger of a line as it is deployed; any other version of a registry is put on the engine for this.
   *
   * @throws Fault 'model-unknown', 'model-invalid', 'config-invalid'
   */
  acquire(version: string): Promise<AcquiredModel>;
  close(): Promise<void>;
}

/** The part of a model line that is needed here. */
export interface TriedLine {
  readonly registry: Pick<Registry, 'load' | 'versions'>;
  readonly serving: Pick<LineServing, 'champion' | 'acquireChampion' | 'acquireChallenger'>;
}

export interface TriedModelsParts {
  readonly lines: ReadonlyMap<string, TriedLine>;
  readonly engine: Engine;
  readonly findings: FindingsConfig;
  readonly reader: Pick<OpenReader, 'forSizes'>;
  /** How long a version stays loaded after its last use, so that the next file of the same user is fast. */
  readonly idleMs?: number;
}

const defaultIdleMs = 60_000;

interface Tried {
  readonly loading: Promise<LoadedModelVersion & { readonly model: LoadedModel }>;
  users: number;
  timer?: NodeJS.Timeout;
}

/** A version leaves memory when nobody has used it for a minute, or when another one is tried. */
export function openTriedModels({ lines, engine, findings, reader, idleMs = defaultIdleMs }: TriedModelsParts): TriedModels {
  const tried = new Map<string, Tried>();
  const remove = async (version: string, one: Tried): Promise<void> => {
    clearTimeout(one.timer);
    if (tried.get(version) === one) tried.delete(version);
    await one.loading.then(({ model }) => model.release()).catch(() => undefined);
  };
  const load = async (version: string): Promise<LoadedModelVersion & { readonly model: LoadedModel }> => {
    const found = await findVersion(lines, version);
    const model = await loadOntoEngine(found, engine, findings);
    return { model, reader: reader.forSizes({ xray: found.networks.xray?.input, ct: found.networks.ct?.input }) };
  };
  return {
    async acquire(version) {
      for (const { serving } of lines.values()) {
        const deployed = serving.champion()?.version === version ? serving.acquireChampion() : serving.acquireChallenger(version);
        if (deployed) return deployed;
      }
      for (const [other, unused] of tried) if (other !== version && unused.users === 0) void remove(other, unused);
      const one = tried.get(version) ?? { loading: load(version), users: 0 };
      tried.set(version, one);
      clearTimeout(one.timer);
      one.users++;
      const leave = (): void => {
        one.users--;
        if (one.users > 0) return;
        one.timer = setTimeout(() => void remove(version, one), idleMs);
        one.timer.unref();
      };
      try {
        const { model, reader: sized } = await one.loading;
        let isAcquired = true;
        return {
          model,
          reader: sized,
          release: () => {
            if (isAcquired) leave();
            isAcquired = false;
          },
        };
      } catch (error) {
        one.users--;
        // The next request tries again.
        if (tried.get(version) === one) tried.delete(version);
        throw error;
      }
    },
    async close() {
      await Promise.all([...tried].map(([version, one]) => remove(version, one)));
    },
  };
}

/** In the first line whose registry has it. @throws Fault 'model-unknown', 'model-invalid' */
async function findVersion(lines: TriedModelsParts['lines'], version: string): Promise<ModelVersion> {
  for (const { registry } of lines.values()) if ((await registry.versions()).includes(version)) return registry.load(version);
  throw new Fault('model-unknown', `expected a version that \`models list\` shows, found ${version}`);
}
