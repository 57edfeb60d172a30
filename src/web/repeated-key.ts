import type { KeyAction } from './keys.js';

/** What a key that is held down may do again and again: it moves. Everything else would be done many times, to what nobody has seen. */
const repeatable: ReadonlySet<KeyAction> = new Set(['down', 'up', 'nextFinding', 'previousFinding']);

/** Whether a key does its action now: a key that is held down repeats only moves. */
export function isDone(action: KeyAction, { repeat }: Pick<KeyboardEvent, 'repeat'>): boolean {
  return !repeat || repeatable.has(action);
}
