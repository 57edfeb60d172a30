import { createHmac } from 'node:crypto';
import { countInRetraining, type RetrainingFiles } from '../retraining/erase-from-retraining.js';
import type { JobSubjects } from '../jobs/job-overview.js';
import type { ReportPatient, RowCounts } from '../store/erasures.js';
import type { FoundStudy } from './find-patient.js';
import type { RetentionPorts } from './ports.js';

/** A message or document that another system was sent, or may have been sent: erasing here does not reach it. */
export interface SentData {
  /** `message`, or `documents` that Orthanc forwarded. */
  readonly kind: 'message' | 'documents';
  /** Name of the channel or destination. */
  readonly to: string;
  /** Absent if it was never accepted. */
  readonly at: Date | undefined;
  /** Id of the message, or of the result whose documents were sent. */
  readonly id: string;
  readonly state: string;
  /** What the receiver called it. */
  readonly receiverReference?: string | undefined;
}

/** What this program has derived from studies, besides their documents in the PACS. */
export interface FoundData {
  readonly rows: RowCounts;
  readonly jobs: number;
  readonly files: RetrainingFiles;
  readonly sent: readonly SentData[];
  /** Model versions that were trained on images of the patient, or began with one that was. */
  readonly trainedVersions: readonly { readonly line: string; readonly version: string }[];
}

/** @param patient whose reports count too that are not matched to a study; undefined if studies were named */
export async function findData(
  studies: readonly FoundStudy[],
  patient: ReportPatient | undefined,
  ports: RetentionPorts,
): Promise<FoundData> {
  const uids = studies.map((one) => one.studyInstanceUID);
  return {
    rows: await ports.store.erasures.count(uids, patient),
    jobs: await ports.jobs.countAbout(await jobSubjects(studies, ports)),
    files: await countInRetraining(ports, uids),
    sent: await sentOf(studies, ports),
    trainedVersions: await trainedVersions(studies, ports),
  };
}

export async function jobSubjects(studies: readonly FoundStudy[], { store }: Pick<RetentionPorts, 'store'>): Promise<JobSubjects> {
  const results = await Promise.all(studies.map((one) => store.results.ofStudy(one.studyInstanceUID)));
  // The PACS may have had the study under another id.
  const known = await Promise.all(studies.map((one) => store.studies.find(one.studyInstanceUID)));
  return {
    studyInstanceUIDs: studies.map((one) => one.studyInstanceUID),
    pacsStudyIds: [...studies.map((one) => one.pacsStudyId), ...known.map((one) => one?.orthancId)].filter((one) => one !== undefined),
    resultIds: results.flat().map((one) => one.resultId),
  };
}

/** What other systems were sent, or may have been sent. */
export async function sentOf(studies: readonly FoundStudy[], ports: Pick<RetentionPorts, 'store'>): Promise<readonly SentData[]> {
  return (await Promise.all(studies.map((one) => sentData(one.studyInstanceUID, ports)))).flat();
}

async function sentData(studyInstanceUID: string, { store }: Pick<RetentionPorts, 'store'>): Promise<readonly SentData[]> {
  const messages = (await store.messages.ofStudy(studyInstanceUID))
    .filter(({ state, attempts }) => state === 'accepted' || attempts > 0)
    .map(
      (one): SentData => ({
        kind: 'message',
        to: one.channel,
        at: one.state === 'accepted' ? one.changedAt : undefined,
        id: one.messageId,
        state: one.state,
        ...(one.receiverReference === null ? {} : { receiverReference: one.receiverReference }),
      }),
    );
  const results = await store.results.ofStudy(studyInstanceUID);
  const deliveries = (await Promise.all(results.map((one) => store.deliveries.ofResult(one.resultId)))).flat();
  const documents = deliveries
    .filter(({ attempts }) => attempts > 0)
    .map(
      (one): SentData => ({
        kind: 'documents',
        to: one.destination,
        at: one.deliveredAt ?? undefined,
        id: one.resultId,
        state: one.state,
      }),
    );
  return [...messages, ...documents];
}

/** The lineage of a version lists keyed hashes of the patients that it, or one before it, was trained on. */
async function trainedVersions(
  studies: readonly FoundStudy[],
  { lines }: Pick<RetentionPorts, 'lines'>,
): Promise<FoundData['trainedVersions']> {
  const patients = new Set(studies.flatMap((one) => [one.patient, `study ${one.studyInstanceUID}`]));
  const found: { line: string; version: string }[] = [];
  for (const { name, registry, memory } of lines) {
    const trained: { readonly version: string; readonly on: readonly string[] }[] = [];
    for (const version of await registry.versions()) {
      const on = (await registry.load(version)).lineage?.trainedOn ?? [];
      if (on.length > 0) trained.push({ version, on });
    }
    if (trained.length === 0) continue;
    const key = await memory.patientKey();
    const hashes = new Set([...patients].map((patient) => createHmac('sha256', key).update(patient).digest('hex').slice(0, 32)));
    found.push(...trained.filter(({ on }) => on.some((one) => hashes.has(one))).map(({ version }) => ({ line: name, version })));
  }
  return found;
}
