import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { Fault, type FaultSubject } from '../errors.js';
import { faultOfStatus, jsonOf, type HttpExchange, type HttpReply, type HttpRequest } from '../http/http-exchange.js';
import { pacsAddress } from '../http/pacs-address.js';
import { orthancReason } from './send.js';

/** A study that a modality answered to a C-FIND (PS3.4 Annex C); what it did not state is undefined. */
export interface QueriedStudy {
  readonly studyInstanceUID: string;
  /** YYYYMMDD. */
  readonly studyDate?: string | undefined;
  readonly modalities?: readonly string[] | undefined;
  readonly instances?: number | undefined;
}

interface QueriedModality {
  readonly name: string;
  /** The modalities that Orthanc knows, asked for only to explain a 404. */
  readonly names: () => Promise<readonly string[]>;
}

/** Longer than Orthanc's own wait for an answer of a modality (DicomScuTimeout, 10 s). */
const queryTimeoutMs = 90_000;
/** Between two looks at the transfer, in ms; doubled up to the second. */
const pollMs = [100, 2_000] as const;

const id = z.string().regex(/^[\w-]{1,64}$/);
const queried = z.object({ ID: id });
/** Without an ID: an Orthanc that has waited for the end of the transfer (1.10.1). */
const moved = z.object({ ID: id.optional() });
const text = z
  .string()
  .optional()
  .transform((value) => value?.trim() || undefined);
const answers = z.array(
  z.object({ StudyInstanceUID: text, StudyDate: text, ModalitiesInStudy: text, NumberOfStudyRelatedInstances: text }).transform(
    ({ StudyInstanceUID: uid, StudyDate, ModalitiesInStudy, NumberOfStudyRelatedInstances: count }): QueriedStudy => ({
      studyInstanceUID: uid ?? '',
      studyDate: StudyDate,
      modalities: ModalitiesInStudy?.split('\\').map((one) => one.trim()),
      instances: count !== undefined && /^\d{1,9}$/.test(count) ? Number(count) : undefined,
    }),
  ),
);
const job = z.object({ State: z.string(), ErrorDescription: z.string().optional(), ErrorDetails: z.string().optional() });

/**
 * Studies of a Study Date at a modality, by C-FIND of Orthanc. Modalities and number of instances are optional keys (PS3.4 §C.3.4): many
 * systems leave them out.
 *
 * @param studyDate YYYYMMDD
 * @throws Fault `pacs-error`, `destination-unknown`, `pacs-malformed`
 */
export async function queryStudies(http: HttpExchange, modality: QueriedModality, studyDate: string): Promise<readonly QueriedStudy[]> {
  const path = pacsAddress(['modalities', modality.name, 'query']);
  const keys = { StudyDate: studyDate, StudyInstanceUID: '', ModalitiesInStudy: '', NumberOfStudyRelatedInstances: '' };
  const body = JSON.stringify({ Level: 'Study', Query: keys });
  const { ID: id } = read(await send(http, { method: 'POST', path, body, timeoutMs: queryTimeoutMs }, modality), queried, path);
  const found = pacsAddress(['queries', id, 'answers'], { expand: true, simplify: true });
  try {
    return read(await send(http, { path: found }, modality), answers, found).filter((one) => one.studyInstanceUID !== '');
  } finally {
    // Orthanc keeps the last hundred queries by itself.
    await http.exchange({ method: 'DELETE', path: pacsAddress(['queries', id]) }).catch(() => undefined);
  }
}

/**
 * Lets a modality send a study to Orthanc, by C-MOVE; returns when it states that it has sent all.
 *
 * @param timeoutMs longest transfer; after it the transfer is cancelled
 * @throws Fault `pacs-error`, `destination-unknown`, `timed-out`
 */
export async function retrieveStudy(
  http: HttpExchange,
  modality: QueriedModality,
  { studyInstanceUID, targetAet, timeoutMs }: { readonly studyInstanceUID: string; readonly targetAet: string; readonly timeoutMs: number },
): Promise<void> {
  const path = pacsAddress(['modalities', modality.name, 'move']);
  const body = JSON.stringify({
    Level: 'Study',
    Resources: [{ StudyInstanceUID: studyInstanceUID }],
    TargetAet: targetAet,
    Synchronous: false,
  });
  const subject = { studyInstanceUID };
  const end = Date.now() + timeoutMs;
  const { ID: id } = read(await send(http, { method: 'POST', path, body, subject, timeoutMs }, modality, targetAet), moved, path);
  if (id === undefined) return;
  for (let waitMs: number = pollMs[0]; ; waitMs = Math.min(2 * waitMs, pollMs[1])) {
    const address = pacsAddress(['jobs', id]);
    const state = read(await send(http, { path: address, subject }, modality, targetAet), job, address);
    if (state.State === 'Success') return;
    if (state.State === 'Failure') {
      const reason = state.ErrorDetails || state.ErrorDescription || 'no reason given';
      throw failureOf(modality.name, reason, subject, targetAet);
    }
    if (Date.now() >= end) {
      await http.exchange({ method: 'POST', path: pacsAddress(['jobs', id, 'cancel']), body: '' }).catch(() => undefined);
      throw new Fault('timed-out', `modality ${modality.name}, C-MOVE to ${targetAet}: not ended within ${timeoutMs} ms`, subject);
    }
    await sleep(waitMs);
  }
}

async function send(http: HttpExchange, request: HttpRequest, { name, names }: QueriedModality, targetAet?: string): Promise<HttpReply> {
  const reply = await http.exchange(request);
  if (reply.status === 200) return reply;
  const subject = { source: request.path.split('?')[0]!, ...request.subject };
  if (reply.status === 401 || reply.status === 403) throw faultOfStatus(reply.status, '', subject);
  if (reply.status === 404) {
    const known = await names();
    if (!known.includes(name))
      throw new Fault('destination-unknown', `Orthanc has no modality ${name}; it has ${known.join(', ') || 'none'}`);
  }
  throw failureOf(name, orthancReason(reply), subject, targetAet);
}

/** Status of a C-MOVE (PS3.4 §C.4.2.1.5): the PACS does not know the AE title to which it should send. */
const moveDestinationUnknown = /0xA801/i;

function failureOf(name: string, reason: string, subject: FaultSubject, targetAet?: string): Fault {
  const what = targetAet === undefined ? `modality ${name}, C-FIND` : `modality ${name}, C-MOVE to ${targetAet}`;
  const fix = moveDestinationUnknown.test(reason)
    ? `; it does not know the AE title ${targetAet}: add it there, with host and port of Orthanc`
    : '';
  return new Fault('pacs-error', `${what}: ${reason}${fix}`, subject);
}

/** @throws Fault `pacs-malformed` */
function read<T>(reply: HttpReply, shape: z.ZodType<T>, source: string): T {
  const result = shape.safeParse(jsonOf(reply, { source }));
  if (result.success) return result.data;
  throw new Fault('pacs-malformed', `unexpected at ${result.error.issues[0]!.path.join('.') || '(whole answer)'}`, { source });
}
