import type { ModelLine } from '../../config.js';
import { Fault } from '../../errors.js';
import type { Registry } from '../../registry/registry.js';
import type { LineServing } from '../../serving/model-serving.js';

/** A model line as the interface shows and changes it. */
export interface PageLine {
  readonly settings: Pick<ModelLine, 'name' | 'directory' | 'findings'>;
  readonly registry: Registry;
  readonly serving: Pick<LineServing, 'champion' | 'refresh'>;
}

/** @throws Fault `not-found` naming the lines that there are; what was found is not repeated */
export function lineNamed<Line>(lines: ReadonlyMap<string, Line>, name: string): Line {
  const line = lines.get(name);
  if (!line) throw new Fault('not-found', `expected one of the model lines ${[...lines.keys()].join(', ')}, found another name`);
  return line;
}
