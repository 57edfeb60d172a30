import { z } from 'zod';
import { accessSettings, databaseSettings, orthancSettings, serverSettings, uploadSettings, viewerSettings } from './connections.js';
import { assessmentSettings, driftSettings, retrainingSettings } from './learning.js';
import { messagesSettings } from './messages.js';
import { path } from './ranges.js';
import { resultLabelSettings } from './result-labels.js';
import { engineSettings, findingsSettings, modelLinesSettings, modelSettings, reportSettings, workSettings } from './reporting.js';
import { retentionSettings } from './retention.js';
import { radiologyReportsSettings } from './radiology-reports.js';
import { triageSettings } from './triage.js';
import { isTimeZone } from './time-zone.js';

/** What one of several processes on a shared database does: reads the change log, reports studies, trains models, serves the page and the API. */
export const processRoles = ['watch', 'work', 'train', 'web'] as const;
export type ProcessRole = (typeof processRoles)[number];

/** Every setting with its default and unit. Unknown keys are refused, so that a typing error is noticed. */
export const configSchema = z.strictObject({
  orthanc: orthancSettings,
  server: serverSettings,
  access: accessSettings,
  database: databaseSettings,
  /** A process on its own does everything. */
  roles: z
    .array(z.enum(processRoles))
    .min(1)
    .max(processRoles.length)
    .default([...processRoles]),
  viewer: viewerSettings,
  uploads: uploadSettings,
  /** Folder for the embedded database, the private Orthanc, models and the files of retraining. */
  dataDir: path.default('data'),
  model: modelSettings,
  /** Model lines besides the one of `model`. */
  models: modelLinesSettings,
  engine: engineSettings,
  work: workSettings,
  report: reportSettings,
  findings: findingsSettings,
  triage: triageSettings,
  retraining: retrainingSettings,
  drift: driftSettings,
  assessments: assessmentSettings,
  messages: messagesSettings,
  retention: retentionSettings,
  resultLabels: resultLabelSettings,
  /** Final reports of radiologists, whose text is read. */
  radiologyReports: radiologyReportsSettings,
  /**
   * The hospital's time zone, an IANA name: of times that documents state without an offset, of the times that are written, and
   * of the schedules. Without it that of the host.
   */
  timeZone: z.string().refine(isTimeZone, 'expected the IANA name of a time zone, such as Europe/Berlin').optional(),
  routingFile: path.default('config/routing.yaml'),
  findingsFile: path.default('config/findings.json'),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
      format: z.enum(['text', 'json']).default('text'),
    })
    .prefault({}),
});

export type Config = z.output<typeof configSchema>;
