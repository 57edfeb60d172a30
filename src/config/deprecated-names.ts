/** A key of a configuration file that has a new name. The old name is accepted for one release. */
export interface DeprecatedName {
  /** Path of the key, outermost first; its parents by their new names. */
  readonly path: readonly string[];
  /** The new name of its last part. */
  readonly newName: string;
}

/** Keys of releases 0.1.0 and 0.2.0. The outer ones come first, so that the inner ones are found below the new name. */
export const deprecatedSettings: readonly DeprecatedName[] = [
  { path: ['night'], newName: 'retraining' },
  { path: ['retraining', 'minimumNewLabels'], newName: 'minNewLabels' },
  { path: ['verdicts'], newName: 'assessments' },
];

/** Keys of a rules file of the promotion gate (setting retraining.rulesFile). */
export const deprecatedRules: readonly DeprecatedName[] = [{ path: ['leastPatients'], newName: 'minPatients' }];

/** In which release the old names stop working. */
export const deprecatedUntil = '0.4.0';

export type Warn = (message: string) => void;

const warned = new Set<string>();

/** Prints each warning once per process, on standard error, as Node.js does with its own deprecations. */
export function warnOfDeprecation(message: string): void {
  if (warned.has(message)) return;
  warned.add(message);
  process.emitWarning(message, 'DeprecationWarning');
}
