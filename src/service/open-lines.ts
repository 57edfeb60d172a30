import { modelLinesOf, type Config, type ModelLine } from '../config.js';
import { Fault } from '../errors.js';
import { defaultLine } from '../lib/model-line.js';
import type { Log } from '../log.js';
import type { Registry } from '../registry/registry.js';
import { startLineServing, type LineServing, type Serving } from '../serving/model-serving.js';
import { servingLines, type ServingLines } from '../serving/serving-lines.js';
import { startingModel } from '../serving/starting-model.js';
import type { LineStore, Store } from '../store/store.js';
import type { Analyser } from './open-analyser.js';
import { registryOfStore } from './open-registry.js';

/** A model line with its parts. */
export interface OpenedLine {
  readonly settings: ModelLine;
  readonly registry: Registry;
  readonly serving: LineServing;
  readonly store: LineStore;
}

export interface OpenedLines {
  readonly serving: ServingLines;
  /** By name and falling precedence. */
  readonly lines: ReadonlyMap<string, OpenedLine>;
}

/**
 * Opens the model lines besides the default one, whose parts exist already. A line whose model cannot be loaded takes no part until
 * it can; nothing else depends on it.
 */
export async function openLines(
  config: Config,
  store: Store,
  first: { readonly registry: Registry; readonly serving: Serving },
  { engine, findings, reader }: Pick<Analyser, 'engine' | 'findings' | 'reader'>,
  log: Log,
): Promise<OpenedLines> {
  const lines = new Map<string, OpenedLine>();
  for (const settings of modelLinesOf(config)) {
    const { name } = settings;
    const own = store.ofLine(name);
    if (name === defaultLine) lines.set(name, { settings, ...first, store: own });
    else lines.set(name, { settings, ...(await openLine(settings)), store: own });
  }
  const others = new Map([...lines].map(([name, { serving }]) => [name, serving]));
  return { lines, serving: servingLines(first.serving, [...lines.keys()], others) };

  async function openLine(line: ModelLine): Promise<Pick<OpenedLine, 'registry' | 'serving'>> {
    const { name, directory } = line;
    const registry = registryOfStore(config, store, name);
    const serving = startLineServing({ registry, engine, findings, reader, line, watchIntervalMs: config.model.watchIntervalMs, log });
    try {
      if (directory !== undefined) await startingModel(directory, registry, log);
      await serving.refresh();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      log.error('the first model of a line cannot be used; the line takes no part in reports', {
        line: name,
        code: error.code,
        detail: error.detail,
      });
    }
    return { registry, serving };
  }
}

/** Versions of all lines, to try one: the first line that has the version gives it. */
export function registryOfLines(lines: ReadonlyMap<string, OpenedLine>): Pick<Registry, 'load'> {
  return {
    async load(version) {
      const registries = [...lines.values()].map(({ registry }) => registry);
      for (const registry of registries.slice(1)) if ((await registry.versions()).includes(version)) return registry.load(version);
      return registries[0]!.load(version);
    },
  };
}
