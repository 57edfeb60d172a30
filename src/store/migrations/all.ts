import { index0001 } from './0001-index.js';
import { verdictsAndLabels0002 } from './0002-verdicts-and-labels.js';
import { accessAndAudit0003 } from './0003-access-and-audit.js';
import { shadow0004 } from './0004-shadow.js';
import { worklist0005 } from './0005-worklist.js';
import { drift0006 } from './0006-drift.js';
import { auditSearch0007 } from './0007-audit-search.js';
import { auditIntentions0008 } from './0008-audit-intentions.js';
import { knownLogins0009 } from './0009-known-logins.js';
import { sharedModels0010 } from './0010-shared-models.js';
import { changedStudies0012 } from './0012-changed-studies.js';
import { assessments0020 } from './0020-assessments.js';
import { failedStudies0021 } from './0021-failed-studies.js';
import { modelLines0030 } from './0030-model-lines.js';
import { messages0031 } from './0031-messages.js';
import { readings0032 } from './0032-readings.js';
import { backfill0033 } from './0033-backfill.js';
import { erasures0036 } from './0036-erasures.js';
import { requests0034 } from './0034-requests.js';
import { trialReport0035 } from './0035-trial-report.js';
import { radiologyReports0037 } from './0037-radiology-reports.js';
import { modalities0040 } from './0040-modalities.js';
import { withdrawals0039 } from './0039-withdrawals.js';
import { erasuresOfLaterTables0038 } from './0038-erasures-of-later-tables.js';
import { sessionOrigins0041 } from './0041-session-origins.js';
import { hourlyFigures0042 } from './0042-hourly-figures.js';
import { destinationKinds0022 } from './0022-destination-kinds.js';
import { studyChanges0023 } from './0023-study-changes.js';

export interface Migration {
  /** Rising; each is applied once, whatever was applied before. */
  readonly id: number;
  readonly name: string;
  readonly sql: string;
}

/** In order. A migration that was released is never changed again: the next one corrects it. */
export const migrations: readonly Migration[] = [
  index0001,
  verdictsAndLabels0002,
  accessAndAudit0003,
  shadow0004,
  worklist0005,
  drift0006,
  auditSearch0007,
  auditIntentions0008,
  knownLogins0009,
  sharedModels0010,
  changedStudies0012,
  assessments0020,
  failedStudies0021,
  destinationKinds0022,
  studyChanges0023,
  modelLines0030,
  messages0031,
  readings0032,
  backfill0033,
  requests0034,
  trialReport0035,
  erasures0036,
  radiologyReports0037,
  erasuresOfLaterTables0038,
  withdrawals0039,
  modalities0040,
  sessionOrigins0041,
  hourlyFigures0042,
];
