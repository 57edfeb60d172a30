import { Fault } from '../errors.js';
import { defaultLine } from '../lib/model-line.js';
import type { ServedModel } from './model.js';
import type { AcquiredModel, LineServing, LoadedModelVersion, Serving } from './model-serving.js';
import { withPredictions } from './reporting-only.js';
import type { LineModel, StudyModels } from './study-models.js';

/** The deployed models of all lines. */
export interface ServingLines {
  /** By falling precedence. */
  readonly lines: ReadonlyMap<string, LineServing>;
  /** The default line. */
  readonly first: Serving;
  /** The champions of now. */
  models(): StudyModels;
  /** The same for one study: none is replaced or released before the end of it. */
  acquireChampions(): AcquiredModels;
  /** @throws Fault 'request-invalid' if there is no such line */
  line(name: string): LineServing;
  refresh(): Promise<void>;
  close(): Promise<void>;
}

export interface AcquiredModels extends StudyModels {
  /** The default line's champion. */
  readonly first: LoadedModelVersion;
  release(): void;
}

/** @param others the lines besides the default one, with their names; both by falling precedence */
export function servingLines(first: Serving, order: readonly string[], others: ReadonlyMap<string, LineServing>): ServingLines {
  const lines = new Map(order.map((name): [string, LineServing] => [name, name === defaultLine ? first : others.get(name)!]));
  const acquireChampions = (): AcquiredModels => {
    const acquired: AcquiredModel[] = [];
    const models: LineModel[] = [];
    let ofFirst: LoadedModelVersion | undefined;
    for (const [line, serving] of lines) {
      const champion = serving.acquireChampion();
      if (!champion) continue;
      acquired.push(champion);
      const { model, reader } = champion;
      if (line === defaultLine) ofFirst = { model, reader };
      models.push({ line, reader, model: lines.size > 1 ? isolated(model) : model });
    }
    const unavailable = [...lines].flatMap(([line, serving]) => {
      const failure = serving.failure();
      return failure ? [{ line, ...failure }] : [];
    });
    return {
      models,
      unavailable,
      first: ofFirst!,
      release: () => {
        for (const one of acquired) one.release();
      },
    };
  };
  return {
    lines,
    first,
    acquireChampions,
    models() {
      const { models, unavailable, release } = acquireChampions();
      release();
      return { models, unavailable };
    },
    line(name) {
      const found = lines.get(name);
      if (!found) throw new Fault('request-invalid', `expected one of the model lines ${[...lines.keys()].join(', ')}, found another name`);
      return found;
    },
    async refresh() {
      for (const serving of lines.values()) await serving.refresh();
    },
    async close() {
      await Promise.all([...lines.values()].map((serving) => serving.close()));
    },
  };
}

/** A model whose unexpected errors are faults of its own, so that they do not end the work of other models. */
function isolated(model: ServedModel): ServedModel {
  const asOwnFault = (cause: unknown): never => {
    if (cause instanceof Fault) throw cause;
    const what = cause instanceof Error ? cause.name : typeof cause;
    throw new Fault('engine-failed', `the model ${model.name} ${model.version} ended with an unexpected ${what}`, {}, { cause });
  };
  return withPredictions(model, {
    predictXrays: (images) => model.predictXrays(images).catch(asOwnFault),
    predictSlices: (images) => model.predictSlices(images).catch(asOwnFault),
  });
}
