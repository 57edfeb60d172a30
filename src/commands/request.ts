import { serverAccessOf } from '../http/server-access.js';
import { openAuditLog } from '../audit/audit-log.js';
import { loadConfig } from '../config.js';
import { Fault, isOutage } from '../errors.js';
import { startJobs } from '../jobs/jobs.js';
import { createLog } from '../log.js';
import { OrthancClient } from '../orthanc/client.js';
import { orthancStudies } from '../reporting/orthanc-studies.js';
import { studyQueueOf } from '../reporting/queues.js';
import { requestAnalysis, type RequestState } from '../reporting/request-analysis.js';
import { loadRouting } from '../routing/rules.js';
import { commandActor, withStore } from './administration.js';
import { serviceApi, type ServiceOptions } from './service-api.js';

type Request = (studyInstanceUID: string) => Promise<RequestState>;

const meanings: Readonly<Record<RequestState, string>> = {
  queued: 'queued',
  'in-progress': 'queued or analyzed already',
  unchanged: 'unchanged since its last analysis: nothing to do',
};

/** `request`: requests the analysis of studies in the PACS. Exit status 1 if one cannot be requested; the others are. */
export async function requestStudies(uids: readonly string[], options: ServiceOptions): Promise<void> {
  for (const uid of uids)
    if (!/^[0-9A-Za-z%][0-9A-Za-z._%~-]{0,127}$/.test(uid))
      throw new Fault('request-invalid', 'expected Study Instance UIDs, found another text');
  await withRequests(options, async (request) => {
    for (const studyInstanceUID of uids) {
      try {
        const state = await request(studyInstanceUID);
        console.log(options.json ? JSON.stringify({ studyInstanceUID, state }) : `${studyInstanceUID}: ${meanings[state]}`);
      } catch (error) {
        if (isOutage(error) || !(error instanceof Fault) || error.code === 'request-refused' || error.code === 'login-required')
          throw error;
        process.exitCode = 1;
        const { code, message } = error;
        if (options.json) console.log(JSON.stringify({ studyInstanceUID, code, error: message }));
        else console.error(`${studyInstanceUID}: ${message}`);
      }
    }
  });
}

/** The service by its HTTP API if a token is given, else its database and its Orthanc. */
async function withRequests(options: ServiceOptions, work: (request: Request) => Promise<void>): Promise<void> {
  if (options.tokenFile !== undefined) {
    const send = serviceApi(options.tokenFile, options.url);
    return work(async (uid) => ((await send(`/api/studies/${encodeURIComponent(uid)}/analysis`, {})) as { state: RequestState }).state);
  }
  if (options.url !== undefined) throw new Fault('request-invalid', 'expected --token-file with --url, found --url alone');
  const config = loadConfig();
  const { url, requestTimeoutMs: timeoutMs } = config.orthanc;
  const needsService = 'give a token of role reader with --token-file: the running service then does it';
  if (!url) throw new Fault('config-invalid', `expected ORTHANC_URL, found none; or ${needsService}`);
  const log = createLog({ level: 'warn' });
  const orthanc = new OrthancClient({ ...serverAccessOf(config.orthanc), url, timeoutMs });
  try {
    await withStore(async (store) => {
      const jobs = await startJobs(store, log);
      try {
        const audit = openAuditLog(store.audit, log);
        const settings = { routing: loadRouting(config.routingFile) };
        const ports = {
          studies: orthancStudies(orthanc),
          index: store,
          queue: studyQueueOf(jobs),
          settings,
          clock: { now: () => new Date() },
        };
        await work((studyInstanceUID) =>
          audit.recordAction(
            { actor: commandActor(), action: 'study.request', subject: { studyInstanceUID } },
            () => requestAnalysis(studyInstanceUID, ports),
            (state) => ({ state }),
          ),
        );
      } finally {
        await jobs.stop();
      }
    });
  } catch (error) {
    // In use by the running service.
    if (error instanceof Fault && error.code === 'config-invalid' && config.database.url === undefined)
      throw new Fault('config-invalid', `${error.detail}; or ${needsService}`);
    throw error;
  } finally {
    orthanc.close();
  }
}
