import { defaultLine } from '../../lib/model-line.js';

/** Collects the values of an option that may be given several times. */
export function repeatable(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

export const jsonObject = 'print the result as one JSON object';
export const jsonLines = 'print JSON, one object per line';
/** For commands that open the database themselves. */
export const besideService =
  'With the embedded database, stop the service first, because only one process can open it. With DATABASE_URL this is not necessary.';

/** Every command on model versions is about one line. */
export const lineOption = ['--line <name>', 'model line: default, or a name of the setting models', defaultLine] as const;
