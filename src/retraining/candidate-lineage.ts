import type { Lineage } from '../registry/lineage.js';
import type { CandidateBasis, UsableExample } from './candidate-request.js';

/** Where a candidate comes from: parent, images, settings, seed, engine, program, times. */
export function lineageOf(
  { dataset, initial, objective, input, recipe, engine, model, classes, clock }: CandidateBasis,
  usable: readonly UsableExample[],
  startedAt: Date,
): Lineage {
  const count = (groupOf: (one: UsableExample) => string): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const one of usable) counts[groupOf(one)] = (counts[groupOf(one)] ?? 0) + 1;
    return counts;
  };
  return {
    parent: initial.parent,
    ...(initial.startedFrom === undefined ? {} : { startedFrom: initial.startedFrom }),
    dataset: {
      name: dataset.name,
      ...(dataset.sha256 === undefined ? {} : { sha256: dataset.sha256 }),
      images: usable.length,
      patients: new Set(usable.map(({ example }) => example.patient)).size,
      splits: count(({ part }) => part),
      sources: count(({ example }) => example.source || 'unknown'),
    },
    settings: { ...model.settings, objective, classes, input, recipe },
    seed: recipe.seed,
    engine: engine.description.name,
    codeVersion: model.codeVersion,
    startedAt: startedAt.toISOString(),
    endedAt: clock.now().toISOString(),
  };
}
