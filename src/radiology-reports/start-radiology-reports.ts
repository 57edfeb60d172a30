import type { Config, Hl7ListenerSettings } from '../config.js';
import { listenMllp, type MllpListener } from '../hl7/mllp-listener.js';
import type { Jobs } from '../jobs/jobs.js';
import { defineQueue } from '../jobs/queue.js';
import { readTlsFiles } from '../lib/tls-files.js';
import { unlimitedForIntake } from '../reporting/start-reporting.js';
import type { ReportTextPorts } from './ports.js';
import { matchStored } from './match-stored-report.js';
import { updateReportsOf } from './radiology-report-story.js';
import { readStructuredReports } from './read-structured-reports.js';
import { receiveHl7, refuseLargeHl7 } from './receive-hl7.js';

/** A study has a new result or changed, or contains structured reports of others; key: Study Instance UID. */
const studyReportsQueue = defineQueue<{ readonly studyInstanceUID: string }>('study-reports');

const dayMs = 86_400_000;
/** How often reports that wait are matched again, and studies whose identity was not read are looked for. */
const sweepMs = 600_000;
/** A connection that cannot be accepted is tried again at once: not every error is a line in the log. */
const errorLineMs = 60_000;
const studiesAtOnce = 500;
const reportsAtOnce = 200;

/** Queues a study whose reports are matched again. */
export async function queueStudyReports(studyInstanceUID: string, jobs: Pick<Jobs, 'send'>): Promise<void> {
  await jobs.send(studyReportsQueue, { studyInstanceUID }, { key: studyInstanceUID });
}

/**
 * Starts the worker that matches reports to studies, and the sweep: studies that had a result before reports were read, and reports
 * whose patient the PACS has corrected.
 */
export async function startRadiologyReports(
  ports: ReportTextPorts,
  accepts: (sopInstanceUID: string) => Promise<boolean>,
  unlessDeleted: (studyInstanceUID: string, work: () => Promise<void>) => Promise<unknown>,
  jobs: Pick<Jobs, 'work' | 'send' | 'every'>,
  { work, radiologyReports: settings }: Pick<Config, 'work' | 'radiologyReports'>,
): Promise<void> {
  await jobs.work(
    studyReportsQueue,
    async ({ payload: { studyInstanceUID } }) =>
      void (await unlessDeleted(studyInstanceUID, async () => {
        await updateReportsOf(studyInstanceUID, ports);
        if (settings.sr !== 'off') await readStructuredReports(studyInstanceUID, accepts, ports);
      })),
    { concurrency: 1, timeLimitMs: work.studyTimeoutMs, retry: { maxAttempts: work.maxAttempts, unlimited: unlimitedForIntake } },
  );
  void jobs.every(sweepMs, 'radiology reports', () => sweepReports(ports, jobs)).runNow();
}

/** Labels that were read from reports no longer count where that was switched off. */
export async function removeLabelsOfReports(
  reports: Pick<ReportTextPorts['reports'], 'removeLabels'>,
  log: ReportTextPorts['log'],
): Promise<void> {
  const labels = await reports.removeLabels();
  if (labels > 0) log.warn('labels that were read from reports were removed, because this is switched off', { labels });
}

/**
 * What remains while no reports are read, though there were some: labels, differences and identities of studies are removed, and reports
 * are forgotten when their time is over.
 */
export async function endRadiologyReports(
  { reports, clock, log }: Pick<ReportTextPorts, 'reports' | 'clock' | 'log'>,
  jobs: Pick<Jobs, 'every'>,
  { radiologyReports: { waitDays } }: Pick<Config, 'radiologyReports'>,
): Promise<void> {
  const labels = await reports.endReading(clock.now(), waitDays * dayMs);
  if (labels > 0) log.warn('labels that were read from reports were removed, because no reports are read', { labels });
  void jobs.every(sweepMs, 'radiology reports', async () => void (await reports.endWaiting(clock.now(), waitDays * dayMs))).runNow();
}

async function sweepReports(ports: ReportTextPorts, jobs: Pick<Jobs, 'send'>): Promise<void> {
  const { reports, clock, settings, log } = ports;
  for (const study of await reports.withoutIdentity(studiesAtOnce)) await queueStudyReports(study, jobs);
  for (let after: string | undefined; ; ) {
    const page = await reports.waiting({ after, limit: reportsAtOnce });
    for (const report of page) {
      const { reason } = await matchStored(report, ports);
      // The PACS may have been corrected since: a merged patient, another issuer.
      if (reason === 'patient-differs' || reason === 'issuer-differs')
        for (const { studyInstanceUID } of await reports.candidatesFor(report)) await queueStudyReports(studyInstanceUID, jobs);
    }
    if (page.length < reportsAtOnce) break;
    after = page.at(-1)!.reportKey;
  }
  const ended = await reports.endWaiting(clock.now(), settings.waitDays * dayMs);
  if (ended > 0) log.warn('reports were not matched to a study in time', { reports: ended });
}

/** Listens for ORU^R01. @throws Fault `config-invalid` if it cannot listen there, or a TLS file cannot be used */
export async function listenForReports(settings: Hl7ListenerSettings, ports: ReportTextPorts): Promise<MllpListener> {
  const { accessionNumber, tls, maxMessageBytes } = settings;
  const { log } = ports;
  let nextErrorMs = 0;
  const listener = await listenMllp(
    { ...settings, tls: tls && readTlsFiles(tls) },
    {
      receive: (message, from) => receiveHl7(message, from, accessionNumber, ports),
      refuseLarge: (beginning) => refuseLargeHl7(beginning, maxMessageBytes, ports),
      onRefused: (why, from) => log.warn('a connection for HL7 messages was ended', { why, from }),
      onError({ code }) {
        const now = performance.now();
        if (now < nextErrorMs) return;
        nextErrorMs = now + errorLineMs;
        log.warn('a connection for HL7 messages could not be accepted', { code });
      },
    },
  );
  log.info('listening for HL7 messages with reports', { host: settings.host, port: listener.port, tls: tls !== undefined });
  return listener;
}
