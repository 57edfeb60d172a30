import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { asFault } from '../errors.js';
import type { ChangeRecord } from '../registry/change-record.js';
import type { Position } from '../training/checkpoint.js';
import { changeRecordOf, runId } from './change-record-of-run.js';
import type { RetrainingPorts } from './ports.js';
import { retrainingFolders } from './retraining-folders.js';
import { rememberRun } from './run-history.js';
import type { RetrainingPlan } from './retraining-plan.js';

/** Outcomes after which the labels of the run are no longer new. */
const completed: readonly ChangeRecord['outcome'][] = ['promoted', 'refused', 'shadow'];

/** Writes the change record, stores which labels the run had, remembers its settings and curves, and removes the folder of the run. */
export async function endRun(record: ChangeRecord, { registry, settings, memory, log }: RetrainingPorts): Promise<ChangeRecord> {
  const folder = retrainingFolders(settings).run;
  await registry.recordChange(record);
  const labels = join(folder, 'labels.json');
  if (completed.includes(record.outcome) && existsSync(labels))
    await memory.storeLabels(JSON.parse(await readFile(labels, 'utf8')) as readonly string[]);
  // Curves are for people: a run whose curves cannot be stored has ended all the same.
  await rememberRun(settings, new Date(record.endedAt), record.challenger).catch((error: unknown) =>
    log.warn('the curves of the run could not be stored', { run: record.id, code: asFault(error, 'internal').code }),
  );
  await rm(folder, { recursive: true, force: true });
  return record;
}

/** A study of the run was erased while it was trained: nothing of the run is kept. */
export function discardRun(plan: RetrainingPlan, ports: RetrainingPorts): Promise<ChangeRecord> {
  ports.log.info('a study of the retraining run was erased; the run ends, the next one is planned without it', { run: plan.id });
  return endRun(
    changeRecordOf(plan, 'not-trained', 'Ended because a study of the run was erased; the next run is planned without it.', ports),
    ports,
  );
}

/** The time limit ended training: the record says how far it came, and the next run continues from the checkpoint. */
export async function pauseRun(plan: RetrainingPlan, { stage, epoch, batch }: Position, ports: RetrainingPorts): Promise<ChangeRecord> {
  ports.log.info('the time limit ended training; the next run continues from the checkpoint', { run: plan.id, stage, epoch, batch });
  const why = `Stopped at stage ${stage + 1}, epoch ${epoch + 1}, batch ${batch}; the next run continues from there.`;
  const record = changeRecordOf({ ...plan, id: runId(ports.clock.now()) }, 'not-trained', why, ports);
  await ports.registry.recordChange(record);
  return record;
}
