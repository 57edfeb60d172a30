import { join } from 'node:path';
import { openAuditLog } from '../audit/audit-log.js';
import { loadConfig, projectRoot } from '../config.js';
import { Fault } from '../errors.js';
import { startJobs } from '../jobs/jobs.js';
import { createLog } from '../log.js';
import { erasurePortOf } from '../server/page/erasures.js';
import type { ErasureBody, ShownErasure } from '../server/schemas/erasures.js';
import { openPacs } from '../service/open-pacs.js';
import { retentionPortsOf } from '../service/ports/retention-ports.js';
import { commandActor, withStore } from './administration.js';
import { serviceApi } from './service-api.js';

export interface EraseOptions {
  readonly patient?: string;
  readonly issuer?: string;
  readonly study: readonly string[];
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly allow: boolean;
  readonly tokenFile?: string;
  readonly url?: string;
  readonly json: boolean;
}

/** A patient may have many studies, of each of which the PACS gives all metadata. fetch itself waits no longer for a reply. */
const timeoutMs = 300_000;

/** `erase`: lists everything of a patient, and erases it with --yes. */
export async function eraseCommand(options: EraseOptions): Promise<void> {
  const { patient, issuer, study, dryRun, yes, allow, json } = options;
  if (allow && yes) throw new Fault('request-invalid', 'expected --allow or --yes, found both');
  const request: ErasureBody = {
    ...(patient === undefined ? {} : { patientId: patient }),
    ...(issuer === undefined ? {} : { issuer }),
    ...(study.length === 0 ? {} : { studies: [...study] }),
    action: dryRun ? 'find' : allow ? 'allow' : yes ? 'erase' : 'find',
  };
  const found = await send(request, options);
  if (json) console.log(JSON.stringify(found));
  else for (const line of linesOf(found, request.action)) console.log(line);
}

async function send(request: ErasureBody, { tokenFile, url }: EraseOptions): Promise<ShownErasure> {
  if (tokenFile !== undefined) return (await serviceApi(tokenFile, url, timeoutMs)('/api/erasures', request)) as ShownErasure;
  if (url !== undefined) throw new Fault('request-invalid', 'expected --token-file with --url, found --url alone');
  const config = loadConfig();
  const log = createLog({ ...config.log, level: 'warn' });
  try {
    return await withStore(async (store) => {
      const jobs = await startJobs(store, log);
      try {
        const pacs = await openPacs(config, log, { environment: {}, script: join(projectRoot, 'orthanc/routing.lua') });
        try {
          const audit = openAuditLog(store.audit, log);
          return await erasurePortOf(retentionPortsOf({ config, pacs, store, jobs, audit, log }))(request, { actor: commandActor() });
        } finally {
          await pacs.close();
        }
      } finally {
        await jobs.stop();
      }
    });
  } catch (error) {
    // In use by the running service.
    if (error instanceof Fault && error.code === 'config-invalid' && config.database.url === undefined)
      throw new Fault('config-invalid', `${error.detail}; or give a token of role admin with --token-file`);
    throw error;
  }
}

/** For people. */
export function linesOf(found: ShownErasure, action: ErasureBody['action']): readonly string[] {
  const { studies, rows, sent, trainedVersions, otherPatientIds, similarPatients, fingerprint } = found;
  const filled = Object.entries(rows).filter(([, n]) => n > 0);
  return [
    ...studies.map(
      ({ studyInstanceUID, isInPacs, reports, heatMaps, keyObjects, assessments }) =>
        `study ${studyInstanceUID}: ${isInPacs ? `${reports} reports, ${heatMaps} heat maps, ${keyObjects} key object selections, ${assessments} assessments in the PACS` : 'not in the PACS'}`,
    ),
    `database: ${filled.length === 0 ? 'nothing' : filled.map(([table, n]) => `${table} ${n}`).join(', ')}; jobs ${found.jobs}`,
    `retraining: ${found.pictures} pictures, ${found.runs} runs, ${found.labelsOfRuns} labels of the last runs`,
    ...trainedVersions.map(({ line, version }) => `trained on images of the patient: model ${version} of line ${line}; its weights stay`),
    ...sent.map(({ kind, to, at, id, state }) => `follow up yourself: ${kind} sent to ${to}, ${at ?? `not accepted (${state})`}, id ${id}`),
    ...otherPatientIds.map((id) => `the images state another Patient ID, which is not included: ${id}`),
    ...(similarPatients > 0 ? [`not included: ${similarPatients} with a Patient ID that differs by case or accents`] : []),
    ...(fingerprint === undefined ? [] : [`in the audit log: PatientID#${fingerprint}`]),
    conclusionOf(found, action),
  ];
}

function conclusionOf({ studies, rows, isErased, allowed }: ShownErasure, action: ErasureBody['action']): string {
  if (action === 'allow') return `${allowed ?? 0} studies may be analysed again when something of them arrives.`;
  const deleted = studies.some(({ isInPacs }) => isInPacs)
    ? ''
    : 'The PACS contains no study of this patient. Name studies that were deleted, and are not listed, with --study.';
  if (isErased)
    return deleted === ''
      ? 'Erased. Images stay in the PACS, and the studies are not analysed again. Backups are not changed.'
      : `Erased. Backups are not changed. ${deleted}`;
  if (studies.length === 0 && !rows['radiology_report']) return deleted;
  return `Nothing was erased. Repeat the command with --yes to erase this. ${deleted || 'Images stay in the PACS.'}`;
}
