import { Fault } from '../errors.js';
import { faultOfStatus, jsonOf, type HttpExchange, type HttpReply } from '../http/http-exchange.js';
import { pacsAddress } from '../http/pacs-address.js';
import { plainText } from '../lib/plain-text.js';
import type { OrthancId } from './orthanc-id.js';

interface SendDestination {
  readonly kind: 'modality' | 'peer';
  readonly name: string;
  /** The destinations of this kind that Orthanc knows, asked for only to explain a 404. */
  readonly names: () => Promise<readonly string[]>;
}

/** Longer than Orthanc's own waits (DicomScuTimeout 10 s, HttpTimeout 60 s), so that its reason arrives before our own time limit. */
const defaultTimeoutMs = 90_000;

/**
 * Sends and waits. Synchronous, because the queue that calls us is durable and Orthanc's is not by default in the same
 * measure: our job is done when the destination has confirmed it. Sending twice is harmless, UIDs are derived.
 */
export async function sendTo(
  http: HttpExchange,
  destination: SendDestination,
  ids: readonly OrthancId[],
  timeoutMs = defaultTimeoutMs,
): Promise<void> {
  if (ids.length === 0) return;
  const path = pacsAddress([destination.kind === 'modality' ? 'modalities' : 'peers', destination.name, 'store']);
  const body = JSON.stringify({ Resources: ids, Synchronous: true });
  const reply = await http.exchange({ method: 'POST', path, body, timeoutMs });
  const subject = { source: path };
  const what = `${destination.kind} ${destination.name}`;
  if (reply.status === 200) {
    const { FailedInstancesCount: failed } = jsonOf(reply, subject) as { FailedInstancesCount?: number };
    if (failed) throw new Fault('destination-unavailable', `${what}: ${failed} of ${ids.length} not taken`, subject);
    return;
  }
  if (reply.status === 404) {
    await requireKnown(destination);
    throw faultOfStatus(404, 'the document is no longer in Orthanc', subject);
  }
  if (reply.status === 401 || reply.status === 403) throw faultOfStatus(reply.status, '', subject);
  throw new Fault('destination-unavailable', `${what}: ${orthancReason(reply)}`, subject);
}

/**
 * C-ECHO (PS3.4 Annex A), the verification that a modality answers. Nothing is stored.
 *
 * @throws Fault `destination-unavailable`, `destination-unknown`
 */
export async function echo(http: HttpExchange, modality: Omit<SendDestination, 'kind'>, timeoutMs = defaultTimeoutMs): Promise<void> {
  const path = pacsAddress(['modalities', modality.name, 'echo']);
  const reply = await http.exchange({ method: 'POST', path, body: '{}', timeoutMs });
  if (reply.status === 200) return;
  const subject = { source: path };
  if (reply.status === 404) await requireKnown({ ...modality, kind: 'modality' });
  if (reply.status === 401 || reply.status === 403) throw faultOfStatus(reply.status, '', subject);
  throw new Fault('destination-unavailable', `modality ${modality.name}: ${orthancReason(reply)}`, subject);
}

/** @throws Fault `destination-unknown`, naming those that Orthanc has */
async function requireKnown({ kind, name, names }: SendDestination): Promise<void> {
  const known = await names();
  if (!known.includes(name)) throw new Fault('destination-unknown', `Orthanc has no ${kind} ${name}; it has ${known.join(', ') || 'none'}`);
}

/** Orthanc's own words about a failed association or HTTP request: names, addresses and network errors. */
export function orthancReason(reply: HttpReply): string {
  try {
    const answer = JSON.parse(reply.body.toString('utf8')) as { Details?: unknown; Message?: unknown };
    const text = answer.Details ?? answer.Message;
    if (typeof text === 'string') return plainText(text, 200);
  } catch {
    // no JSON: the status must do
  }
  return `HTTP ${reply.status}`;
}
