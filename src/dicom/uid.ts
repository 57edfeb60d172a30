import { createHash } from 'node:crypto';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type StudyInstanceUID = Branded<'StudyInstanceUID'>;
export type SeriesInstanceUID = Branded<'SeriesInstanceUID'>;
export type SOPInstanceUID = Branded<'SOPInstanceUID'>;
export type SOPClassUID = Branded<'SOPClassUID'>;

/** PS3.5 §9.1: components of digits without leading zeros, at most 64 characters. */
export function isUid(text: string): boolean {
  return text.length <= 64 && /^(0|[1-9]\d*)(\.(0|[1-9]\d*))+$/.test(text);
}

/**
 * A UID that depends on nothing but what it describes, so that a repeated step names the same object.
 *
 * 2.25 root with a 128-bit number (PS3.5 §B.2) made like a name-based UUID: SHA-256 of the parts,
 * truncated, version 8 and variant bits set (RFC 9562 §5.8).
 *
 * @param parts what is described, in a fixed order; sort sets before passing them
 */
export function derivedUid<Kind extends string = string>(...parts: readonly string[]): Kind {
  const digest = createHash('sha256').update(parts.map((part) => `${part.length}:${part}`).join('|')).digest();
  const bytes = digest.subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return `2.25.${BigInt(`0x${bytes.toString('hex')}`)}` as Kind;
}
