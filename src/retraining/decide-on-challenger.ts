import { Fault } from '../errors.js';
import type { ChangeRecord } from '../registry/change-record.js';
import { withoutPatients } from '../registry/lineage.js';
import { changeRecordOf } from './change-record-of-run.js';
import { endRun } from './end-run.js';
import type { RetrainingPorts } from './ports.js';
import type { RetrainingPlan } from './retraining-plan.js';
import type { FinishedOutcome } from './run-outcome.js';

/**
 * Does what the gate decided: promotes the challenger, lets it predict in shadow, or refuses it. The change record is written first,
 * then the promotion that names it; both can be repeated.
 */
export async function decideOnChallenger(
  plan: RetrainingPlan,
  { challenger, engine, evaluation, warnings }: FinishedOutcome,
  ports: RetrainingPorts,
): Promise<ChangeRecord> {
  const { registry, settings, clock, log } = ports;
  const { decision, ...figures } = evaluation;
  const { lineage } = await registry.load(challenger);
  // The training process added the version to the folder of this process only: other processes need it before it is promoted.
  await registry.share(challenger);
  const outcome = decision.decision !== 'promoted' ? 'refused' : settings.retraining.onPass === 'promote' ? 'promoted' : 'shadow';
  const record: ChangeRecord = {
    ...changeRecordOf(plan, outcome, decision.why, ports),
    engine,
    challenger,
    lineage: lineage ? withoutPatients(lineage) : null,
    decision,
    figures,
    notes: [...warnings],
  };
  await registry.recordChange(record);

  const reason = { by: plan.by, why: decision.why, at: clock.now(), changeRecord: record.id };
  const aliases = await registry.aliases();
  try {
    if (outcome === 'promoted' && aliases?.champion !== challenger) await registry.promote(challenger, reason, plan.champion);
    if (outcome === 'shadow' && aliases?.challenger !== challenger) await registry.challenge(challenger, reason);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'aliases-changed') throw error;
    return endRun({ ...record, outcome: 'refused', why: `It passed the gate, but ${error.detail}.` }, ports);
  }
  log.info('retraining finished', { run: plan.id, outcome, challenger, champion: plan.champion });
  return endRun(record, ports);
}
