import { Fault } from '../errors.js';

/**
 * Whether a model's outputs are the classes that are meant, in the same order: weights trained for other classes, or for the
 * same in another order, would be read as if they were these.
 *
 * @throws Fault 'model-invalid' naming both lists
 */
export function checkClasses(expected: readonly string[], found: readonly string[], source?: string): void {
  if (expected.length === found.length && expected.every((name, index) => name === found[index])) return;
  throw new Fault('model-invalid', `expected the classes ${list(expected)}, found ${list(found)}`, source === undefined ? {} : { source });
}

const list = (names: readonly string[]): string => `[${names.join(', ')}]`;
