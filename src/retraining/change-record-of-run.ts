import type { ChangeRecord } from '../registry/change-record.js';
import type { RetrainingPorts } from './ports.js';
import type { RetrainingPlan } from './retraining-plan.js';
import { retrainingRecipeOf } from './retraining-recipe.js';

/** A run before it has a plan. `champion` is empty until it is known. */
export type Run = Pick<RetrainingPlan, 'id' | 'startedAt' | 'by' | 'champion' | 'recipe'>;

export function newRun(by: string, { clock, settings }: Pick<RetrainingPorts, 'clock' | 'settings'>): Run {
  const now = clock.now();
  return { id: runId(now), startedAt: now.toISOString(), by, champion: '', recipe: retrainingRecipeOf(settings) };
}

/** The name of a run and of its change record: `retraining-2026-11-24T02-00-00-000Z`. */
export function runId(now: Date): string {
  return `retraining-${now.toISOString().replace(/[:.]/g, '-')}`;
}

/** The change record of a run without a challenger. */
export function changeRecordOf(
  run: Run,
  outcome: ChangeRecord['outcome'],
  why: string,
  { clock, codeVersion }: Pick<RetrainingPorts, 'clock' | 'codeVersion'>,
): ChangeRecord {
  return {
    id: run.id,
    startedAt: run.startedAt,
    endedAt: clock.now().toISOString(),
    by: run.by,
    codeVersion,
    engine: '',
    seed: run.recipe.seed,
    challenger: null,
    champion: run.champion === '' ? null : run.champion,
    lineage: null,
    decision: null,
    outcome,
    why,
    figures: { challenger: null, champion: null },
    notes: [],
  };
}
