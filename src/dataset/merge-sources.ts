import { Fault } from '../errors.js';
import type { Example, ExampleSource } from './example.js';

/**
 * Several data sets as one. Among `several` a class that a data set does not know is unknown for its images, not absent.
 *
 * @throws Fault dataset-invalid if some are one of many and others several
 */
export function mergeSources(sources: readonly ExampleSource[]): ExampleSource {
  const [first] = sources;
  if (!first) throw new Fault('dataset-invalid', 'expected at least one data set, found none');
  if (sources.length === 1) return first;
  const kinds = [...new Set(sources.map(({ kind }) => kind))];
  if (kinds.length > 1) throw new Fault('dataset-invalid', `expected data sets of one kind, found ${kinds.join(' and ')}`);
  const classes = [...new Set(sources.flatMap((source) => source.classes))].sort();
  const origin = new Map<Example, { readonly source: ExampleSource; readonly example: Example }>();
  for (const source of sources) {
    const missing = first.kind === 'several' ? classes.filter((name) => !source.classes.includes(name)) : [];
    for (const example of source.examples) {
      const merged = missing.length === 0 ? example : { ...example, unknown: [...(example.unknown ?? []), ...missing] };
      origin.set(merged, { source, example });
    }
  }
  return {
    kind: first.kind,
    classes,
    examples: [...origin.keys()],
    picture: (example) => {
      const from = origin.get(example);
      if (!from) throw new Error('an example of another source');
      return from.source.picture(from.example);
    },
  };
}
