import { defaultLine } from '../../lib/model-line.js';

/** Collects the values of an option that may be given several times. */
export function repeatable(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

export const jsonObject = 'print the result as one JSON object';
export const jsonLines = 'print JSON, one object per line';
/** For commands that use the database. */
export const besideService =
  'The command also works while the service runs. With the embedded database, run it as the account of the service.';

/** Every command on model versions is about one line. */
export const lineOption = ['--line <name>', 'model line: default, or a name of the setting models', defaultLine] as const;
