import { z } from 'zod';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../errors.js';
import { faultOfStatus, jsonOf, type HttpExchange, type HttpReply } from '../http/http-exchange.js';
import { pacsAddress } from '../http/pacs-address.js';
import type { OrthancId } from './orthanc-id.js';
import { orthancReason } from './send.js';

/** How the other system answered: it answers for the instances from now on, or does not offer storage commitment. */
export type StorageCommitment = 'committed' | 'not-offered';

/** OrthancStatus of "No acceptable presentation context": the other system does not know the service (tried on 1.10.1 and 1.12.7). */
const noPresentationContext = 2015;
const requested = z.object({ ID: z.string().regex(/^[0-9.]{1,64}$/) });
const reported = z.object({
  Status: z.enum(['Pending', 'Success', 'Failure']),
  /** Absent while it is pending. */
  Failures: z.array(z.object({ FailureReason: z.number().optional() })).default([]),
});
/** Between two looks at the report, in ms; doubled up to the second. */
const pollMs = [100, 2_000] as const;

/**
 * Asks a modality to answer for instances that it was sent (Storage Commitment Push Model, PS3.4 Annex J), and waits for its report. It
 * sends the report by an association of its own to Orthanc, which it must know.
 *
 * @param timeoutMs longest wait for the report
 * @throws Fault `destination-unavailable`: no answer, no report in time, or an instance that it does not answer for
 */
export async function commitStorage(
  http: HttpExchange,
  modality: string,
  ids: readonly OrthancId[],
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<StorageCommitment> {
  const path = pacsAddress(['modalities', modality, 'storage-commitment']);
  const what = `modality ${modality}, storage commitment`;
  const reply = await http.exchange({ method: 'POST', path, body: JSON.stringify({ Resources: ids }), timeoutMs: 90_000 });
  if (reply.status === 401 || reply.status === 403) throw faultOfStatus(reply.status, '', { source: path });
  if (reply.status === 404) throw new Fault('destination-unknown', `Orthanc has no ${what} or no longer the documents`, { source: path });
  if (reply.status !== 200) {
    if (orthancStatusOf(reply) === noPresentationContext) return 'not-offered';
    throw new Fault('destination-unavailable', `${what}: ${orthancReason(reply)}`, { source: path });
  }
  const { ID: transaction } = read(reply, requested, path);
  const address = pacsAddress(['storage-commitment', transaction]);
  const end = Date.now() + timeoutMs;
  for (let waitMs: number = pollMs[0]; ; waitMs = Math.min(2 * waitMs, pollMs[1])) {
    const { status, body, headers } = await http.exchange({ path: address });
    if (status !== 200) throw new Fault('destination-unavailable', `${what}: Orthanc lost the request`, { source: path });
    const { Status: state, Failures: failures } = read({ status, body, headers }, reported, path);
    if (state === 'Success') return 'committed';
    if (state === 'Failure') throw notCommitted(what, ids.length, failures);
    if (Date.now() >= end) throw new Fault('destination-unavailable', `${what}: no report within ${timeoutMs} ms`, { source: path });
    await sleep(Math.min(waitMs, Math.max(1, end - Date.now())), undefined, { signal });
  }
}

/** @throws Fault `pacs-malformed` */
function read<T>(reply: HttpReply, shape: z.ZodType<T>, source: string): T {
  const result = shape.safeParse(jsonOf(reply, { source }));
  if (result.success) return result.data;
  throw new Fault('pacs-malformed', `unexpected at ${result.error.issues[0]!.path.join('.') || '(whole answer)'}`, { source });
}

/** Failure Reason (0008,1197): PS3.3 C.14.1.1. */
function notCommitted(what: string, count: number, failures: readonly { readonly FailureReason?: number | undefined }[]): Fault {
  const reasons = [
    ...new Set(failures.map(({ FailureReason: reason }) => (reason === undefined ? 'none' : `0x${reason.toString(16).padStart(4, '0')}`))),
  ];
  return new Fault(
    'destination-unavailable',
    `${what}: ${failures.length} of ${count} not committed, Failure Reason ${reasons.join(', ')}`,
  );
}

function orthancStatusOf({ body }: HttpReply): unknown {
  try {
    return (JSON.parse(body.toString('utf8')) as { readonly OrthancStatus?: unknown }).OrthancStatus;
  } catch {
    return undefined;
  }
}
