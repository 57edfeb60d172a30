import { createHash } from 'node:crypto';
import type { Bundle, BundleEntry, BundleRequest, WrittenResource } from './data-types.js';

/** A resource with the address that others in the bundle use for it, and with how a server stores it only once. */
export interface Prepared<R extends WrittenResource = WrittenResource> {
  readonly fullUrl: string;
  readonly resource: R;
  readonly request: BundleRequest;
}

/** An address in a bundle, the same for the same key (RFC 9562, version 8). */
export function bundleAddress(key: string): string {
  const digits = createHash('sha256').update(key).digest('hex');
  const variant = ((Number.parseInt(digits[16]!, 16) & 3) | 8).toString(16);
  return `urn:uuid:${digits.slice(0, 8)}-${digits.slice(8, 12)}-8${digits.slice(13, 16)}-${variant}${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
}

/** Conditional create (FHIR R4 §3.1.0.8.1): nothing happens if there is a resource with this identifier. */
export function createUnlessThere(resourceType: string, system: string, value: string): BundleRequest {
  return { method: 'POST', url: resourceType, ifNoneExist: identifierQuery(system, value) };
}

/** Conditional update (FHIR R4 §3.1.0.4.3): creates the resource with this identifier or replaces it. */
export function createOrReplace(resourceType: string, system: string, value: string): BundleRequest {
  return { method: 'PUT', url: `${resourceType}?${identifierQuery(system, value)}` };
}

/** Search parameter `identifier` (FHIR R4 §3.1.1.4.10). */
export function identifierQuery(system: string, value: string): string {
  const escaped = value.replace(/[\\,|$]/g, '\\$&');
  return `identifier=${encodeURIComponent(`${system}|${escaped}`)}`;
}

/** All or nothing (FHIR R4 §3.1.0.11.2). */
export function transactionBundle(entries: readonly BundleEntry[]): Bundle {
  return { resourceType: 'Bundle', type: 'transaction', entry: entries };
}

/** The resources to be read as a set. */
export function collectionBundle(entries: readonly Prepared[], timestamp: Date): Bundle {
  return {
    resourceType: 'Bundle',
    type: 'collection',
    timestamp: timestamp.toISOString(),
    entry: entries.map(({ fullUrl, resource }) => ({ fullUrl, resource })),
  };
}

/**
 * The resources as the answer to a search for the first one, which includes the others. Each has an ID, as an answer demands.
 * @param selfUrl what was searched
 */
export function searchsetBundle(entries: readonly Prepared[], timestamp: Date, selfUrl: string): Bundle {
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    timestamp: timestamp.toISOString(),
    total: 1,
    link: [{ relation: 'self', url: selfUrl }],
    entry: entries.map(({ fullUrl, resource }, index) => ({
      fullUrl,
      resource: { ...resource, id: fullUrl.replace('urn:uuid:', '') },
      search: { mode: index === 0 ? 'match' : 'include' },
    })),
  };
}
