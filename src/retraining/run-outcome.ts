import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gateDecisionSchema } from '../evaluation/promotion/gate-decision.js';
import { evaluationReportSchema } from '../evaluation/report/evaluation-report.js';
import { writeFileAtomically } from '../lib/atomic-write.js';
import type { Position } from '../training/checkpoint.js';
import type { ChallengerEvaluation } from './evaluate-challenger.js';

/** How the training process ended: stopped with a checkpoint, or with a challenger that was evaluated. */
export type RetrainingOutcome = { readonly finished: false; readonly position: Position } | FinishedOutcome;

export interface FinishedOutcome {
  readonly finished: true;
  /** Version in the registry. */
  readonly challenger: string;
  readonly engine: string;
  readonly evaluation: ChallengerEvaluation;
  readonly warnings: readonly string[];
}

const fileName = 'outcome.json';

export async function writeOutcome(folder: string, outcome: FinishedOutcome): Promise<void> {
  await writeFileAtomically(join(folder, fileName), JSON.stringify(outcome));
}

/** Undefined if the training process has not finished. */
export async function readOutcome(folder: string): Promise<FinishedOutcome | undefined> {
  const text = await readFile(join(folder, fileName), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { challenger, engine, warnings, ...other } = JSON.parse(text) as FinishedOutcome & { judgement?: ChallengerEvaluation };
  // Release 0.2.0 wrote the evaluation under the name `judgement`.
  const evaluation = other.evaluation ?? other.judgement;
  return {
    finished: true,
    challenger,
    engine,
    warnings,
    evaluation: {
      decision: gateDecisionSchema.parse(evaluation.decision),
      challenger: evaluationReportSchema.parse(evaluation.challenger),
      champion: evaluation.champion === null ? null : evaluationReportSchema.parse(evaluation.champion),
    },
  };
}
