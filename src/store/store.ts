import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../errors.js';
import { defaultLine } from '../lib/model-line.js';
import type { Log } from '../log.js';
import { retrainingStateIn, type RetrainingState } from './retraining-state.js';
import { scheduleStateIn, type ScheduleState } from './schedule-state.js';
import { sharedModelsIn, type SharedModels } from './shared-models.js';
import { accountsIn, type Accounts } from './accounts.js';
import { auditEntriesIn, type AuditEntries } from './audit-entries.js';
import { analysisRequestsIn, type AnalysisRequests } from './analysis-requests.js';
import { backfillsIn, type Backfills } from './backfills.js';
import { cursorsIn, type Cursors } from './cursors.js';
import { openDatabase } from './database.js';
import { discordancesIn, type Discordances } from './discordances.js';
import { driftIn, type DriftState } from './drift.js';
import { statisticsIn, type StatisticsOfStudies } from './study-statistics.js';
import { deliveriesIn, type Deliveries } from './deliveries.js';
import { labelsIn, type Labels } from './labels.js';
import { assessmentsIn, type Assessments } from './assessments.js';
import { erasuresIn, type Erasures } from './erasures.js';
import { EmbeddedConnection } from './embedded.js';
import { ForwardedConnection } from './forwarded.js';
import { hourlyFiguresIn, type HourlyFigureLog } from './hourly-figures.js';
import { knownLoginsIn, type KnownLogins } from './known-logins.js';
import { loginFailuresIn, type LoginFailures } from './login-failures.js';
import { knownStudiesIn, type KnownStudies } from './known-studies.js';
import { messagesIn, type Messages } from './messages.js';
import { checkSchema, migrate } from './migrate.js';
import { oneTimeTokensIn, type OneTimeTokens } from './one-time-tokens.js';
import { PostgresqlConnection } from './postgresql.js';
import { radiologyReportsIn, type RadiologyReports } from './radiology-reports.js';
import { readingsIn, type Readings } from './readings.js';
import { resultStatesIn, type ResultStates } from './result-states.js';
import { resultsIn, type Results } from './results.js';
import { sessionsIn, type Sessions } from './sessions.js';
import { shadowResultsIn, type ShadowResults } from './shadow-results.js';
import type { Connection } from './sql.js';
import type { StoreLocation } from './store-location.js';
import { studiesIn, type Studies } from './studies.js';
import { supersededDocumentsIn, type SupersededDocuments } from './superseded-documents.js';
import { studyChangesIn, type StudyChanges } from './study-changes.js';
import { worklistIn, type Worklist } from './worklist.js';
import { tokensIn, type Tokens } from './tokens.js';
import { trialsIn, type Trials } from './trials.js';

/** A service opens its database and brings it to its release within this time, or a command says who has the database. */
const startingMs = 5_000;

/** The part of the database that each model line has for itself. */
export interface LineStore {
  readonly statistics: StatisticsOfStudies;
  readonly drift: DriftState;
  readonly models: SharedModels;
  readonly retraining: RetrainingState;
}

/** The database. Its index of the PACS can be rebuilt from Orthanc; jobs, accounts and the audit log cannot. */
export interface Store {
  readonly kind: Connection['kind'];
  /** Whether this process uses the embedded database of the running service, which also works on the jobs. */
  readonly isForwarded: boolean;
  /** For log lines: a directory, or host and database. */
  readonly name: string;
  readonly cursors: Cursors;
  readonly studies: Studies;
  readonly knownStudies: KnownStudies;
  readonly studyChanges: StudyChanges;
  readonly results: Results;
  readonly resultStates: ResultStates;
  readonly worklist: Worklist;
  readonly readings: Readings;
  readonly deliveries: Deliveries;
  readonly messages: Messages;
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly tokens: Tokens;
  readonly loginFailures: LoginFailures;
  readonly knownLogins: KnownLogins;
  readonly audit: AuditEntries;
  readonly assessments: Assessments;
  readonly labels: Labels;
  readonly shadow: ShadowResults;
  readonly backfills: Backfills;
  readonly erasures: Erasures;
  readonly supersededDocuments: SupersededDocuments;
  readonly requests: AnalysisRequests;
  readonly oneTimeTokens: OneTimeTokens;
  readonly trials: Trials;
  readonly radiologyReports: RadiologyReports;
  readonly discordances: Discordances;
  readonly statistics: StatisticsOfStudies;
  readonly drift: DriftState;
  readonly models: SharedModels;
  readonly retraining: RetrainingState;
  /** What belongs to a model line; `statistics`, `drift`, `models` and `retraining` above are those of the default line. */
  ofLine(line: string): LineStore;
  readonly hourlyFigures: HourlyFigureLog;
  readonly schedules: ScheduleState;
  /** Plain SQL on the same database, for the job queues. */
  readonly sql: Connection;
  close(): Promise<void>;
}

/**
 * Opens the database and brings it to this release's schema.
 *
 * @throws Fault `config-invalid` (in use by another process, refused by the server, written by a later release),
 *   `database-unavailable`, `disk-full`
 */
export async function openStore(location: StoreLocation, log: Log): Promise<Store> {
  const connection =
    'databaseUrl' in location
      ? await PostgresqlConnection.open(location.databaseUrl, log)
      : await EmbeddedConnection.open(location.dataDir, log);
  return storeOn(connection, log);
}

/**
 * For a command: the embedded database of the running service if there is one, else as `openStore`.
 *
 * @throws Fault as `openStore`; `config-invalid` also for a running service of another release or another account
 */
export async function openStoreBesideService(location: StoreLocation, log: Log): Promise<Store> {
  if ('databaseUrl' in location) return openStore(location, log);
  const deadline = Date.now() + startingMs;
  for (;;) {
    const forwarded = await ForwardedConnection.open(location.dataDir);
    if (forwarded) return storeOn(forwarded, log);
    try {
      return await openStore(location, log);
    } catch (error) {
      // A service that is just starting has the database, but does not share it yet.
      if (!(error instanceof Fault) || error.code !== 'config-invalid' || Date.now() > deadline) throw error;
    }
    await sleep(200);
  }
}

async function storeOn(connection: Connection, log: Log): Promise<Store> {
  try {
    if (connection.isForwarded) await checkSchema(connection);
    else await migrate(connection, log);
  } catch (thrown) {
    await connection.close();
    throw thrown;
  }
  const database = openDatabase(connection);
  const ofLine = (line: string): LineStore => ({
    statistics: statisticsIn(database, line),
    drift: driftIn(database, line),
    models: sharedModelsIn(connection, line),
    retraining: retrainingStateIn(connection, line),
  });
  return {
    kind: connection.kind,
    isForwarded: connection.isForwarded === true,
    name: connection.name,
    cursors: cursorsIn(database),
    studies: studiesIn(database),
    knownStudies: knownStudiesIn(database),
    studyChanges: studyChangesIn(database),
    results: resultsIn(database),
    resultStates: resultStatesIn(database),
    worklist: worklistIn(database),
    readings: readingsIn(database),
    deliveries: deliveriesIn(database),
    messages: messagesIn(database),
    accounts: accountsIn(database),
    sessions: sessionsIn(database),
    tokens: tokensIn(database),
    loginFailures: loginFailuresIn(database),
    knownLogins: knownLoginsIn(database),
    audit: auditEntriesIn(database),
    assessments: assessmentsIn(database),
    labels: labelsIn(database),
    shadow: shadowResultsIn(database),
    backfills: backfillsIn(database),
    erasures: erasuresIn(connection),
    supersededDocuments: supersededDocumentsIn(database),
    requests: analysisRequestsIn(database),
    oneTimeTokens: oneTimeTokensIn(database),
    trials: trialsIn(database),
    radiologyReports: radiologyReportsIn(database),
    discordances: discordancesIn(database),
    ...ofLine(defaultLine),
    ofLine,
    hourlyFigures: hourlyFiguresIn(connection),
    schedules: scheduleStateIn(connection),
    sql: connection,
    close: () => connection.close(),
  };
}
