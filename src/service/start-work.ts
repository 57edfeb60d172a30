import type { AssessmentActions } from '../assessments/assessments.js';
import { startAssessments } from '../assessments/start-assessments.js';
import type { Config } from '../config.js';
import type { Jobs } from '../jobs/jobs.js';
import type { MessagePorts } from '../messages/ports.js';
import { startMessages } from '../messages/start-messages.js';
import type { ReportPorts, StoryPorts } from '../reporting/ports.js';
import { refreshUrgencies } from '../reporting/refresh-urgencies.js';
import { removeStudy } from '../reporting/remove-study.js';
import { startReporting } from '../reporting/start-reporting.js';
import { unlessDeleted } from '../reporting/unless-deleted.js';
import type { ResultLabelPorts } from '../result-labels/result-labels-story.js';
import { queueResultLabels, startResultLabels } from '../result-labels/start-result-labels.js';
import { startShadowPredictions } from '../retraining/start-shadow-predictions.js';
import type { ServingLines } from '../serving/serving-lines.js';
import type { TriedModels } from '../serving/tried-models.js';
import type { Store } from '../store/store.js';

export interface WorkParts {
  readonly config: Config;
  readonly storyPorts: StoryPorts;
  readonly settings: ReportPorts['settings'];
  readonly messagePorts: MessagePorts;
  readonly resultLabelPorts: ResultLabelPorts;
  readonly assessments: AssessmentActions;
  readonly serving: ServingLines;
  readonly triedModels: TriedModels;
  readonly store: Store;
  readonly jobs: Jobs;
}

/** Starts the workers of all stories about studies: the role `work`. */
export async function startWork(parts: WorkParts): Promise<void> {
  const { config, storyPorts, settings, messagePorts, resultLabelPorts, assessments, serving, triedModels, store, jobs } = parts;
  const { studies, index, queue, events, log } = storyPorts;
  const unlessGone = <Outcome>(uid: string, work: () => Promise<Outcome>) =>
    unlessDeleted(uid, studies, (deleted) => removeStudy(deleted, index, queue, events, log), work);
  await startReporting(storyPorts, serving, jobs, config);
  void refreshUrgencies(store.readings, settings)
    .then((count) => count > 0 && log.info('the urgency of studies was computed by the present weights', { studies: count }))
    .catch((error: unknown) => log.warn('the urgency of studies could not be computed again', { reason: String(error) }));
  await startShadowPredictions(storyPorts, unlessGone, serving, triedModels, store, jobs, config);
  await startAssessments(
    {
      async index(study) {
        const found = await assessments.index(study);
        await queueResultLabels(study, config.resultLabels, jobs);
        return found;
      },
    },
    unlessGone,
    jobs,
    config,
  );
  await startMessages(messagePorts, store, jobs, config);
  await startResultLabels(resultLabelPorts, jobs, config);
}
