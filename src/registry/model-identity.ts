import { createHash } from 'node:crypto';
import type { ModelFile } from './model-file.js';

export interface ModelIdentity {
  /** The first 12 hexadecimal digits of the content's SHA-256: two models with one version are the same. */
  readonly version: string;
  /** Device UID (0018,1002): IHE AIR asks for a new one each time the model is trained or changed. */
  readonly deviceUID: string;
}

/**
 * Identity from content: everything in model.json that changes an answer, the checksums of the weights among it, and the card's checksum where there is one.
 * `figures` are left out: measuring a model again does not make another one of it.
 */
export function modelIdentity({ name, manufacturer, created, card, networks }: ModelFile): ModelIdentity {
  const digest = createHash('sha256').update(canonicalJson({ name, manufacturer, created, card, networks })).digest();
  return { version: digest.toString('hex').slice(0, 12), deviceUID: uuidDerivedUid(digest) };
}

/** JSON with sorted keys, so that the order in the file makes no difference. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join()}}`;
}

/** PS3.5 §B.2 from the first 128 bits, with version 8 and variant bits of RFC 9562 §5.8. */
function uuidDerivedUid(digest: Buffer): string {
  const bytes = Buffer.from(digest.subarray(0, 16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return `2.25.${BigInt(`0x${bytes.toString('hex')}`)}`;
}
