import { identifierQuery } from '../fhir/bundle.js';
import { FhirClient } from '../fhir/client.js';
import type { BundleEntry, ReadResource } from '../fhir/data-types.js';
import { readTlsFiles, type TlsFiles } from '../lib/tls-files.js';
import { fhirTransaction, findingIdentifierOf, findingIdentifiers, studyFindingsSystem } from './fhir-bundle.js';
import type { Channel, ResultMessage } from './ports.js';

export interface FhirSettings {
  /** Base address of the server. */
  readonly url: string;
  /** Bearer token. */
  readonly token?: string | undefined;
  readonly tls?: TlsFiles | undefined;
  /** HTTP proxy through which the requests leave. */
  readonly proxy?: string | undefined;
  /** For one exchange, in ms; default 30,000. */
  readonly answerTimeoutMs?: number | undefined;
}

/**
 * Results to a FHIR R4 server, each as one transaction.
 *
 * @throws Fault config-invalid for TLS files that cannot be used
 */
export function fhirChannel(name: string, settings: FhirSettings): Channel {
  const { url, token, tls, proxy, answerTimeoutMs = 30_000 } = settings;
  const client = new FhirClient({ url, token, tls: tls && readTlsFiles(tls), proxy, timeoutMs: answerTimeoutMs });
  return {
    name,
    kind: 'fhir',
    async send(message, signal) {
      const withdrawn = message.result.isCorrection ? await withdrawnFindings(client, message, signal) : [];
      const [report] = await client.transaction(fhirTransaction(message, withdrawn), signal);
      return report?.location;
    },
    async reach() {
      // Counts alone; it needs the rights that a correction needs.
      await client.search('Observation', '_summary=count', AbortSignal.timeout(answerTimeoutMs));
      return `${new URL(url).host} accepts the search for Observations`;
    },
  };
}

/** Observations of the result that this one replaces, which it no longer states: they are marked as withdrawn. */
async function withdrawnFindings(client: FhirClient, message: ResultMessage, signal: AbortSignal): Promise<readonly BundleEntry[]> {
  const query = `${identifierQuery(studyFindingsSystem, message.study.studyInstanceUID)}&_count=200`;
  const stated = findingIdentifiers(message);
  const earlier = await client.search('Observation', query, signal);
  return earlier
    .filter((one) => !stated.has(findingIdentifierOf(one['identifier']) ?? ''))
    .flatMap((one) => (one['status'] === 'entered-in-error' || !isId(one.id) ? [] : [withdrawal(one, one.id)]));
}

function withdrawal(observation: ReadResource, id: string): BundleEntry {
  const { versionId } = (observation['meta'] ?? {}) as { readonly versionId?: unknown };
  return {
    resource: { ...observation, status: 'entered-in-error' },
    request: { method: 'PUT', url: `Observation/${id}`, ...(isId(versionId) ? { ifMatch: `W/"${versionId}"` } : {}) },
  };
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9.-]{1,64}$/.test(value);
}
