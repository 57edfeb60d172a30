import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RetrainingPorts } from './ports.js';
import { retrainingFolders } from './retraining-folders.js';
import { parsePlan, type RetrainingPlan } from './retraining-plan.js';
import { readOutcome } from './run-outcome.js';

/**
 * The plan of a run that did not end, if the champion is still the same. A run that was planned for another champion is discarded.
 */
export async function unfinishedPlan({
  settings,
  registry,
  log,
}: RetrainingPorts): Promise<{ readonly state: 'planned'; readonly plan: RetrainingPlan } | undefined> {
  const folder = retrainingFolders(settings).run;
  const text = await readFile(join(folder, 'plan.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const plan = parsePlan(text);
  const champion = (await registry.aliases())?.champion;
  // A run that promoted its challenger and was killed before its end finds that challenger as champion: only the end is left to do.
  const challenger = (await readOutcome(folder))?.challenger;
  if (plan && (plan.champion === champion || challenger === champion)) return { state: 'planned', plan };
  log.info('the unfinished retraining run was planned for another champion; it starts again', { champion: champion ?? 'none' });
  await rm(folder, { recursive: true, force: true });
  return undefined;
}
