import { Fault } from '../errors.js';
import type { Example, ExampleSource } from './example.js';

/**
 * Several data sets as one, `several` if one of them is. Among `several` a class that a data set does not know is unknown for its
 * images, not absent. An image that states what is absent is taken as it is.
 *
 * @param unknownElsewhere false if the caller states what labels mean that a data set lacks
 * @throws Fault dataset-invalid if there is none
 */
export function mergeSources(
  sources: readonly ExampleSource[],
  { unknownElsewhere = true }: { readonly unknownElsewhere?: boolean } = {},
): ExampleSource {
  const [first] = sources;
  if (!first) throw new Fault('dataset-invalid', 'expected at least one data set, found none');
  if (sources.length === 1) return first;
  const kind = sources.some((source) => source.kind === 'several') ? 'several' : 'one-of-many';
  const classes = [...new Set(sources.flatMap((source) => source.classes))].sort();
  const examples: Example[] = [];
  /** By key: callers may have changed the labels of an example, and equal keys mean equal pixels. */
  const origin = new Map<string, { readonly source: ExampleSource; readonly example: Example }>();
  for (const source of sources) {
    const missing = kind === 'several' && unknownElsewhere ? classes.filter((name) => !source.classes.includes(name)) : [];
    for (const example of source.examples) {
      const merged = missing.length === 0 || example.absent ? example : { ...example, unknown: [...(example.unknown ?? []), ...missing] };
      examples.push(merged);
      origin.set(example.key, { source, example });
    }
  }
  return {
    kind,
    classes,
    examples,
    picture: (example) => {
      const from = origin.get(example.key);
      if (!from) throw new Error('an example of another source');
      return from.source.picture(from.example);
    },
  };
}
