import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { retrainingFolders, type RetrainingPlace } from './retraining-folders.js';

const lookEveryMs = 500;

/** Whether the plan of a run was removed after it was written: a study in it was erased (erase-from-retraining.ts). */
export function isDiscarded(place: RetrainingPlace): boolean {
  return !existsSync(join(retrainingFolders(place).run, 'plan.json'));
}

/** Aborted when the plan of the run in progress is removed. @returns also what ends the watching */
export function untilDiscarded(place: RetrainingPlace): { readonly signal: AbortSignal; stop(): void } {
  const discarded = new AbortController();
  let wasPlanned = !isDiscarded(place);
  const timer = setInterval(() => {
    if (!isDiscarded(place)) wasPlanned = true;
    else if (wasPlanned) discarded.abort(new Error('a study of the retraining run was erased'));
  }, lookEveryMs);
  timer.unref();
  return { signal: discarded.signal, stop: () => clearInterval(timer) };
}
