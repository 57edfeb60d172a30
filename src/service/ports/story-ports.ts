import { queueAssessmentIndex } from '../../assessments/start-assessments.js';
import { readsReports, type Config } from '../../config.js';
import type { Jobs } from '../../jobs/jobs.js';
import { queueMessagePlan } from '../../messages/start-messages.js';
import type { OrthancClient } from '../../orthanc/client.js';
import { changeLogOf } from '../../reporting/orthanc-change-log.js';
import { orthancDestinations } from '../../reporting/orthanc-destinations.js';
import { orthancStudies } from '../../reporting/orthanc-studies.js';
import type { ReportPorts, StoryPorts } from '../../reporting/ports.js';
import { studyQueueOf } from '../../reporting/queues.js';
import { queueResultLabels } from '../../result-labels/start-result-labels.js';
import { queueStudyReports } from '../../radiology-reports/start-radiology-reports.js';
import { queueShadowPrediction } from '../../retraining/start-shadow-predictions.js';
import { removePicturesOfStudies } from '../../retraining/training-pictures.js';
import type { Metrics } from '../../server/metrics.js';
import type { ServingLines } from '../../serving/serving-lines.js';
import type { Store } from '../../store/store.js';

export interface StoryParts {
  readonly config: Config;
  readonly reportPorts: ReportPorts;
  readonly orthanc: OrthancClient;
  /** Under this name the index stores the cursor of the change log. */
  readonly pacsName: string;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly serving: Pick<ServingLines, 'lines'>;
  readonly metrics: Pick<Metrics, 'observe'>;
}

/** The ports of the report story on the running parts; here the other stories learn of a study's events. */
export function storyPortsOf({ config, reportPorts, orthanc, pacsName, store, jobs, serving, metrics }: StoryParts): StoryPorts {
  const { model: _model, models: _models, reader: _reader, ...ports } = reportPorts;
  const onReportsMayDiffer = async (study: string): Promise<void> => {
    if (readsReports(config.radiologyReports)) await queueStudyReports(study, jobs);
  };
  return {
    ...ports,
    changeLog: changeLogOf(orthanc),
    cursor: {
      read: () => store.cursors.read(pacsName),
      move: ({ lastSeq, marks }, reset) =>
        reset ? store.cursors.reset(pacsName, lastSeq, marks) : store.cursors.advance(pacsName, lastSeq, marks),
    },
    studies: orthancStudies(orthanc),
    destinations: orthancDestinations(orthanc, config.report),
    queue: studyQueueOf(jobs),
    index: store,
    deliveries: store.deliveries,
    events: {
      onStudyChanged: async (studyInstanceUID) => {
        // The other processes learn of it from the database: followStudyChanges.
        await store.studyChanges.record(studyInstanceUID);
        await removePicturesOfStudies(config, [studyInstanceUID]);
        await onReportsMayDiffer(studyInstanceUID);
      },
      onOtherDocuments: async (studyInstanceUID) => {
        await queueAssessmentIndex(studyInstanceUID, jobs);
        if (config.radiologyReports.sr !== 'off') await queueStudyReports(studyInstanceUID, jobs);
      },
      onIndexed: async (studyInstanceUID) => {
        await queueMessagePlan(studyInstanceUID, config.messages, jobs);
        await queueResultLabels(studyInstanceUID, config.resultLabels, jobs);
        await onReportsMayDiffer(studyInstanceUID);
      },
      onResult: (study, result) => queueShadowPrediction(study, result, serving, jobs),
    },
    observe: (result) => metrics.observe(result),
    schedule: config.orthanc,
  };
}
