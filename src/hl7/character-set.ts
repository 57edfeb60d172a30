import { wellFormed } from '../lib/plain-text.js';

/** Character sets of MSH-18 that a channel may be configured for (HL7 table 0211). */
export const hl7CharacterSets = ['UNICODE UTF-8', '8859/1', 'ASCII'] as const;
export type Hl7CharacterSet = (typeof hl7CharacterSets)[number];

/** Characters without a decomposition that have a usual spelling in ASCII. */
const spellings: Readonly<Record<string, string>> = { '–': '-', '—': '-', '‘': "'", '’': "'", '“': '"', '”': '"', ß: 'ss', ẞ: 'SS' };

/** Whether the set has every character of a text; then `inCharacterSet` changes nothing that a reader sees. */
export function hasCharacters(text: string, set: Hl7CharacterSet): boolean {
  if (set === 'UNICODE UTF-8') return wellFormed(text) === text;
  return [...text.normalize('NFC')].every((character) => has(character, set));
}

/**
 * A text in the characters of a set: what the set lacks is written without its accents or in its usual ASCII spelling, otherwise as
 * "?". HL7 has escape sequences for other sets (§2.7.2), but hardly a receiver reads them.
 *
 * The result may contain delimiters that the text did not (a full-width "｜" becomes "|"), so it must be escaped afterwards.
 */
export function inCharacterSet(text: string, set: Hl7CharacterSet): string {
  if (set === 'UNICODE UTF-8') return wellFormed(text);
  return [...text.normalize('NFC')].map((character) => (has(character, set) ? character : substitute(character, set))).join('');
}

/** @param text in the characters of the set */
export function encodeHl7(text: string, set: Hl7CharacterSet): Buffer {
  return Buffer.from(text, set === 'UNICODE UTF-8' ? 'utf8' : 'latin1');
}

export function decodeHl7(bytes: Uint8Array, set: Hl7CharacterSet): string {
  return Buffer.from(bytes).toString(set === '8859/1' ? 'latin1' : 'utf8');
}

function has(character: string, set: '8859/1' | 'ASCII'): boolean {
  const code = character.codePointAt(0)!;
  return code < 0x80 || (set === '8859/1' && code >= 0xa0 && code <= 0xff);
}

function substitute(character: string, set: '8859/1' | 'ASCII'): string {
  const plain = spellings[character] ?? character.normalize('NFKD').replace(/\p{M}/gu, '');
  return plain !== '' && [...plain].every((one) => has(one, set)) ? plain : '?';
}
