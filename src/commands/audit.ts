import { openPacs } from '../service/open-pacs.js';
import { openAuditLog } from '../audit/audit-log.js';
import type { Patient } from '../audit/audit-message.js';
import { auditFormats, auditLines, type AuditFormat } from '../audit/export-lines.js';
import { verifyAudit, type ChainHead } from '../audit/verify.js';
import { loadConfig } from '../config.js';
import { textOf } from '../dicom/data-set.js';
import { isUsableUid } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import { createLog } from '../log.js';
import { searchText } from '../audit/search-text.js';
import type { AuditRow, AuditSubject } from '../store/audit-entries.js';
import { commandActor, withStore } from './administration.js';

/** `audit verify`: exit status 1 if the log was tampered with. */
export async function verify(options: { readonly head?: string; readonly json: boolean }): Promise<void> {
  const known = options.head === undefined ? undefined : readHead(options.head);
  const verification = await withStore((store) => verifyAudit(store.audit, known));
  if (!verification.intact) process.exitCode = 1;
  if (options.json) console.log(JSON.stringify(verification));
  else if (verification.intact)
    console.log(
      `intact: ${verification.entries} entries; head ${verification.head.seq}:${verification.head.hash}\nKeep the head elsewhere: audit verify --head then also notices entries cut off the end, or a log written anew.`,
    );
  else
    console.log(`TAMPERED WITH at entry ${verification.at}: ${verification.why}; the ${verification.entries} entries before it are intact`);
}

/** `audit fingerprint`: the hash with which the log records a search for a value. */
export async function fingerprint(keyword: string, value: string): Promise<void> {
  const hash = await withStore((store) => openAuditLog(store.audit, createLog({ level: 'warn' })).fingerprint(searchText(keyword, value)));
  console.log(`${keyword}#${hash}`);
}

/** `audit export`: every entry on a line of its own, as JSON or as an AuditMessage; the export is recorded too. */
export async function exportLog(options: {
  readonly format: string;
  readonly after?: string;
  readonly withPatients: boolean;
}): Promise<void> {
  const { withPatients } = options;
  const format = options.format as AuditFormat;
  if (!auditFormats.includes(format))
    throw new Fault('request-invalid', `expected --format as one of ${auditFormats.join(', ')}, found ${format}`);
  if (withPatients && format !== 'atna') throw new Fault('request-invalid', 'expected --with-patients together with --format atna');
  const after = Number(options.after ?? 0);
  if (!Number.isInteger(after) || after < 0)
    throw new Fault('request-invalid', `expected --after as the number of an entry, found ${options.after ?? ''}`);
  const pacs = withPatients ? await openPatientLookup() : undefined;
  try {
    await withStore(async (store) => {
      await store.audit.append({ actor: commandActor(), action: 'audit.export', subject: { after, format, withPatients } });
      for await (const line of auditLines(store.audit, format, { after, ...(pacs ? { patientOf: pacs.patientOf } : {}) }))
        console.log(line);
    });
  } finally {
    await pacs?.close();
  }
}

/** Reads the patient of each study from the PACS once; a study that the PACS no longer has gets no patient. */
async function openPatientLookup(): Promise<{ patientOf(row: AuditRow): Promise<Patient | undefined>; close(): Promise<void> }> {
  const config = loadConfig();
  if (!config.orthanc.url) throw new Fault('config-invalid', 'expected ORTHANC_URL: patients are asked for in your PACS');
  const pacs = await openPacs(config, createLog({ ...config.log, level: 'warn' }), { environment: {}, script: '' });
  const known = new Map<string, Patient | undefined>();
  return {
    async patientOf(row) {
      const { studyInstanceUID } = JSON.parse(row.subject) as AuditSubject;
      // What a sender wrote in place of a UID names no study that could be asked for.
      if (typeof studyInstanceUID !== 'string' || !isUsableUid(studyInstanceUID)) return undefined;
      if (!known.has(studyInstanceUID)) {
        const [study] = await pacs.dicomWeb.searchForStudies({ StudyInstanceUID: studyInstanceUID }, { limit: 1 });
        known.set(studyInstanceUID, study && { id: textOf(study, 'PatientID') ?? '', name: textOf(study, 'PatientName') ?? '' });
      }
      return known.get(studyInstanceUID);
    },
    close: () => pacs.close(),
  };
}

function readHead(text: string): ChainHead {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq === undefined || hash === undefined)
    throw new Fault('request-invalid', `expected --head as NUMBER:HASH, as audit verify prints it, found ${text.slice(0, 100)}`);
  return { seq: Number(seq), hash };
}
