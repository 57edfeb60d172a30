import { createHash } from 'node:crypto';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type StudyInstanceUID = Branded<'StudyInstanceUID'>;
export type SeriesInstanceUID = Branded<'SeriesInstanceUID'>;
export type SOPInstanceUID = Branded<'SOPInstanceUID'>;
export type SOPClassUID = Branded<'SOPClassUID'>;

/** PS3.5 §9.1: components of digits without leading zeros, at most 64 characters. What we create is always so. */
export function isUid(text: string): boolean {
  return text.length <= 64 && /^(0|[1-9]\d*)(\.(0|[1-9]\d*))+$/.test(text);
}

/** Longer ones are in no PACS but on purpose; a file name may be so long and have an ending. */
const maxUidLength = 128;

/**
 * Whether a UID that somebody else made is good enough to be asked for: the one rule for whatever is read from a PACS, a file or a request.
 *
 * PACS hold UIDs that PS3.5 §9.1 does not allow: with leading zeros, letters, an empty component, more than 64 characters. Such
 * a UID names its object as well as the others do, so it is taken: 1 to 128 ASCII letters, digits, points, hyphens and underscores,
 * of which the first is a letter or a digit and the last no point. Every other character could mean something in an address, a query or a file name
 * ("/", "?", "#", "%", "*", "\\", a control character), a first point could lead out of a folder, and a last one
 * is dropped by Orthanc's web server (tried on 1.10.1).
 */
export function isUsableUid(text: string): boolean {
  return /^[0-9A-Za-z][0-9A-Za-z._-]{0,127}$/.test(text) && !text.endsWith('.');
}

/**
 * A UID as it was found, in a form that can stand in the index, a log or an answer: a usable one as it is; of another each
 * character that is not allowed as %XX, and what is too long cut and closed by its hash. The second form always holds a "%",
 * so it is never usable, and no address is ever made of it. Two UIDs never get the same form.
 */
export function quotedUid(text: string): string {
  if (isUsableUid(text)) return text;
  const bytes = Buffer.from(text.slice(0, 4 * maxUidLength), 'utf8');
  const last = bytes.length - 1;
  const quoted = [...bytes]
    .map((byte, index) =>
      /[0-9A-Za-z]/.test(String.fromCharCode(byte)) || (index > 0 && index < last && /[._-]/.test(String.fromCharCode(byte)))
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('');
  if (quoted.length > 0 && quoted.length <= maxUidLength) return quoted;
  return `${quoted.slice(0, 80)}%~${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}

/**
 * A UID as a log line may show it: digits and points. Somebody may have written a name into any other, so that one is shown by the
 * first twelve hexadecimal digits of its SHA-256.
 */
export function loggedUid(text: string): string {
  return /^[0-9.]{1,128}$/.test(text) ? text : `uid-${createHash('sha256').update(text).digest('hex').slice(0, 12)}`;
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
  const digest = createHash('sha256')
    .update(parts.map((part) => `${part.length}:${part}`).join('|'))
    .digest();
  const bytes = digest.subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return `2.25.${BigInt(`0x${bytes.toString('hex')}`)}` as Kind;
}
