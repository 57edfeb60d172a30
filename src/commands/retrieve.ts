import { serverAccessOf } from '../http/server-access.js';
import { setTimeout as wait } from 'node:timers/promises';
import { studyDateOf, calendarDate } from '../archive/study-dates.js';
import { retrieveStudies, type RetrievedDay, type RetrievePorts } from '../archive/retrieve-studies.js';
import { openAuditLog } from '../audit/audit-log.js';
import { loadConfig } from '../config.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import { createLog } from '../log.js';
import { OrthancClient } from '../orthanc/client.js';
import { analysedModalities } from '../reporting/sweep-pacs.js';
import { commandActor, withStore } from './administration.js';
import { wholeNumberOption } from './number-options.js';

export interface RetrieveOptions {
  readonly from: string;
  readonly since: string;
  readonly until: string;
  readonly modality: readonly string[];
  readonly target?: string;
  readonly perHour: string;
  readonly timeout: string;
  readonly json: boolean;
}

/** `retrieve`: studies of a PACS that only speaks DIMSE, into Orthanc. Exit status 1 if one cannot be retrieved; the others are. */
export async function retrieveCommand(options: RetrieveOptions): Promise<void> {
  const since = dateOption('--since', options.since);
  const until = dateOption('--until', options.until);
  if (since > until) throw new Fault('request-invalid', `expected --since before --until, found ${options.since} and ${options.until}`);
  const perHour = wholeNumberOption('--per-hour', options.perHour, 1, 100_000);
  const timeoutMs = wholeNumberOption('--timeout', options.timeout, 1, 1_440) * 60_000;
  const modalities = options.modality.length > 0 ? options.modality : analysedModalities;
  const settings = loadConfig().orthanc;
  const { url, requestTimeoutMs: timeout } = settings;
  if (!url) throw new Fault('config-invalid', 'expected ORTHANC_URL, found none');
  const orthanc = new OrthancClient({ ...serverAccessOf(settings), url, timeoutMs: timeout });
  try {
    const targetAet = options.target ?? (await orthanc.system()).dicomAet;
    const ports: RetrievePorts = {
      query: (studyDate) => orthanc.queryStudies(options.from, studyDate),
      countInstances: (uid) => orthanc.countInstances(uid as StudyInstanceUID),
      retrieve: (studyInstanceUID) => orthanc.retrieveStudy(options.from, { studyInstanceUID, targetAet, timeoutMs }),
      pace: paceOf(perHour),
    };
    await withStore((store) =>
      openAuditLog(store.audit, createLog({ level: 'warn' })).recordAction(
        {
          actor: commandActor(),
          action: 'study.retrieve',
          subject: { from: options.from, since: options.since, until: options.until, modalities },
        },
        async () => {
          const total = { found: 0, retrieved: 0, present: 0, failed: 0 };
          for await (const day of retrieveStudies({ since, until, modalities }, ports)) {
            print(day, options.json);
            total.found += day.found;
            total.retrieved += day.retrieved;
            total.present += day.present;
            total.failed += day.failed.length;
          }
          if (total.failed > 0) process.exitCode = 1;
          return total;
        },
        (total) => total,
      ),
    );
  } finally {
    orthanc.close();
  }
}

/** The first study at once, each further one not earlier than its share of the hour after the one before. */
function paceOf(perHour: number): () => Promise<void> {
  let next = 0;
  return async () => {
    await wait(Math.max(0, next - Date.now()));
    next = Math.max(next, Date.now()) + 3_600_000 / perHour;
  };
}

function dateOption(option: string, value: string): string {
  const date = studyDateOf(value);
  if (date === undefined) throw new Fault('request-invalid', `expected ${option} as a day, YYYY-MM-DD, found ${value}`);
  return date;
}

function print({ studyDate, failed, ...count }: RetrievedDay, json: boolean): void {
  const date = calendarDate(studyDate);
  if (json) {
    const failures = failed.map(({ studyInstanceUID, fault: { code, message } }) => ({ studyInstanceUID, code, error: message }));
    console.log(JSON.stringify({ date, ...count, failed: failures }));
    return;
  }
  const parts = [
    `${count.found} found`,
    `${count.retrieved} retrieved`,
    `${count.present} in Orthanc already`,
    ...(count.otherModality > 0 ? [`${count.otherModality} of other modalities`] : []),
    ...(failed.length > 0 ? [`${failed.length} failed`] : []),
  ];
  console.log(`${date}: ${parts.join(', ')}`);
  if (count.otherDate > 0)
    console.error(
      `${date}: the PACS also answered ${count.otherDate} studies of other days, which are left out: it does not compare the Study Date`,
    );
  for (const { studyInstanceUID, fault } of failed) console.error(`${studyInstanceUID}: ${fault.message}`);
}
