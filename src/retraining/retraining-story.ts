import { Fault } from '../errors.js';
import type { ChangeRecord } from '../registry/change-record.js';
import { changeRecordOf, newRun } from './change-record-of-run.js';
import { decideOnChallenger } from './decide-on-challenger.js';
import { discardRun, endRun, pauseRun } from './end-run.js';
import { fetchPictures } from './fetch-pictures.js';
import { changesFromNow } from './follow-study-changes.js';
import { planRetraining } from './plan-retraining.js';
import type { RetrainingPorts } from './ports.js';
import { retrainingFolders } from './retraining-folders.js';
import { readOutcome, writeOutcome } from './run-outcome.js';
import type { RetrainingPlan } from './retraining-plan.js';
import { isDiscarded } from './run-discarded.js';
import { unfinishedPlan } from './unfinished-plan.js';

/**
 * The story from a label to a promoted model version.
 *
 * Every step can be repeated: plan, pictures, checkpoint and outcome are on disk, so that a run that was killed at any moment continues
 * where it stopped. Every run ends with a change record that says what was changed, or why nothing was.
 *
 * @param by who requested the run: `schedule`, `command line`, or an account
 * @param signal stops the run after the step in progress
 * @returns the change record; undefined if the run was stopped before training
 * @throws Fault that can pass (`pacs-unreachable`, `disk-full` …): the same run is then tried again
 */
export async function runRetraining(by: string, ports: RetrainingPorts, signal: AbortSignal): Promise<ChangeRecord | undefined> {
  const folder = retrainingFolders(ports.settings).run;
  let known: RetrainingPlan | undefined;
  try {
    const changes = await changesFromNow(ports);
    // 1. Labels on which the readers agree → a plan: images, split around the locked test set, recipe, rules of the gate.
    const planned = (await unfinishedPlan(ports)) ?? (await planRetraining(by, ports));
    if (planned.state === 'not-trained') return await endRun(changeRecordOf(planned.run, 'not-trained', planned.why, ports), ports);
    const { plan } = planned;
    known = plan;

    // 2. Every image of the plan: PACS → decoder → picture on disk, once.
    try {
      await fetchPictures(plan, ports, signal);
    } finally {
      // A study may change or be erased between the reading of labels and images and the writing of plan and pictures.
      await changes.follow();
    }
    if (isDiscarded(ports.settings)) return await discardRun(plan, ports);

    // 3. A process of its own trains a network from the champion's weights, adds it to the registry as a version, evaluates both
    //    on the locked test set and asks the gate (train-in-process.ts → retrain-model.ts).
    const outcome = (await readOutcome(folder)) ?? (await ports.trainAndEvaluate(plan, folder, signal));
    if (isDiscarded(ports.settings)) return await discardRun(plan, ports);
    if (!outcome.finished) return await pauseRun(plan, outcome.position, ports);
    await writeOutcome(folder, outcome);

    // 4. Change record → promotion, shadow predictions, or refusal, as the gate decided.
    return await decideOnChallenger(plan, outcome, ports);
  } catch (error) {
    if (known && isDiscarded(ports.settings)) return discardRun(known, ports);
    if (signal.aborted && error === signal.reason) return undefined;
    if (!(error instanceof Fault) || error.retryable) throw error;
    ports.log.error('retraining failed; the champion stays', { code: error.code, detail: error.detail });
    const unfinished = await unfinishedPlan(ports).catch(() => undefined);
    return endRun(changeRecordOf(unfinished?.plan ?? newRun(by, ports), 'failed', error.message, ports), ports);
  }
}
