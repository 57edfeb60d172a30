import type { AcceptsDocument } from '../assessments/accepted-documents.js';
import type { AssessmentActions } from '../assessments/assessments.js';
import { startAssessments } from '../assessments/start-assessments.js';
import type { Config } from '../config.js';
import type { Jobs } from '../jobs/jobs.js';
import type { Log } from '../log.js';
import type { MessagePorts } from '../messages/ports.js';
import { startMessages } from '../messages/start-messages.js';
import { startDriftChecks } from '../monitoring/start-drift-checks.js';
import type { ReportPorts, StoryPorts } from '../reporting/ports.js';
import { refreshUrgencies } from '../reporting/refresh-urgencies.js';
import { removeStudy } from '../reporting/remove-study.js';
import { startReporting } from '../reporting/start-reporting.js';
import { unlessDeleted } from '../reporting/unless-deleted.js';
import type { ReportTextPorts } from '../radiology-reports/ports.js';
import { endRadiologyReports, removeLabelsOfReports, startRadiologyReports } from '../radiology-reports/start-radiology-reports.js';
import type { ResultLabelPorts } from '../result-labels/result-labels-story.js';
import { queueResultLabels, startResultLabels } from '../result-labels/start-result-labels.js';
import { startRetraining } from '../retraining/start-retraining.js';
import { startShadowPredictions } from '../retraining/start-shadow-predictions.js';
import type { ServingLines } from '../serving/serving-lines.js';
import type { TriedModels } from '../serving/tried-models.js';
import type { OpenReader } from '../serving/image-reader.js';
import { softwareVersion } from '../software-version.js';
import type { Store } from '../store/store.js';
import { driftPortsOf } from './ports/drift-ports.js';
import type { OpenedLine } from './open-lines.js';

export interface WorkParts {
  readonly config: Config;
  readonly storyPorts: StoryPorts;
  readonly settings: ReportPorts['settings'];
  readonly messagePorts: MessagePorts;
  readonly resultLabelPorts: ResultLabelPorts;
  /** Absent unless radiologists' reports are read. */
  readonly reportTextPorts: ReportTextPorts | undefined;
  readonly assessments: AssessmentActions;
  readonly accepts: AcceptsDocument;
  readonly serving: ServingLines;
  readonly triedModels: TriedModels;
  readonly store: Store;
  readonly jobs: Jobs;
}

/** Starts the workers of all stories about studies: the role `work`. */
export async function startWork(parts: WorkParts): Promise<void> {
  const {
    config,
    storyPorts,
    settings,
    messagePorts,
    resultLabelPorts,
    reportTextPorts,
    assessments,
    accepts,
    serving,
    triedModels,
    store,
    jobs,
  } = parts;
  const { studies, index, queue, events, clock, log } = storyPorts;
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
  if (!reportTextPorts) await endRadiologyReports({ reports: store.radiologyReports, clock, log }, jobs, config);
  else {
    if (!config.radiologyReports.labels) await removeLabelsOfReports(store.radiologyReports, log);
    await startRadiologyReports(reportTextPorts, accepts, unlessGone, jobs, config);
  }
  await startResultLabels(resultLabelPorts, jobs, config);
}

export interface TrainingParts {
  readonly config: Config;
  readonly lines: ReadonlyMap<string, OpenedLine>;
  readonly pacs: ReportPorts['pacs'];
  readonly reader: OpenReader;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly log: Log;
}

/** Starts retraining of every line, and the drift checks: the role `train`. */
export async function startTraining({ config, lines, pacs, reader, store, jobs, log }: TrainingParts): Promise<void> {
  for (const { settings: line, registry } of lines.values())
    await startRetraining({ config, line, store, jobs, registry, pacs, reader, codeVersion: softwareVersion, log });
  await startDriftChecks(driftPortsOf(lines, store, log), config, jobs);
}
