import { Fault } from '../errors.js';

/** The text of a received message, and how bytes of its escape sequences are read. */
export interface ReceivedText {
  readonly text: string;
  decode(bytes: Uint8Array): string;
}

/**
 * Decodes a message by its MSH-18 (HL7 table 0211). ISO 8859/1 is read as Windows-1252, which has the same letters and which many senders
 * mean. Without MSH-18 the message is UTF-8 if its bytes are, else Windows-1252.
 *
 * @throws Fault `request-invalid` for a character set that is not known, or bytes that are none of it
 */
export function receivedText(bytes: Uint8Array): ReceivedText {
  const name = characterSetOf(bytes);
  if (name === '') {
    try {
      return withDecoder(bytes, 'utf-8');
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return withDecoder(bytes, 'windows-1252');
    }
  }
  const label = labelOf(name);
  if (label === undefined)
    throw new Fault('request-invalid', 'expected UNICODE UTF-8, 8859/1 to 8859/15 or ASCII in MSH-18, found another character set');
  return withDecoder(bytes, label);
}

/** MSH-18, first repetition; header fields before it are ASCII in every set that a message may have. */
function characterSetOf(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 4_096)).toString('latin1');
  const [line = ''] = start.replace(/^\u00ef\u00bb\u00bf/, '').split(/[\r\n]/);
  const separator = line[3];
  if (separator === undefined) return '';
  return (line.split(separator)[17] ?? '')
    .split(line[5] ?? '~')[0]!
    .trim()
    .toUpperCase();
}

function labelOf(name: string): string | undefined {
  if (['UNICODE UTF-8', 'UTF-8', 'UTF8', 'UNICODE'].includes(name)) return 'utf-8';
  if (['ASCII', '8859/1', 'ISO-8859-1', 'ISO8859-1', 'ISO 8859/1', 'ISO_8859-1', 'LATIN1', 'WINDOWS-1252', 'CP1252', 'ANSI'].includes(name))
    return 'windows-1252';
  const part = /^(?:ISO)?[ _-]?8859[/-](\d{1,2})$/.exec(name)?.[1];
  return part !== undefined && [2, 3, 4, 5, 6, 7, 8, 9, 15].includes(Number(part)) ? `iso-8859-${part}` : undefined;
}

function withDecoder(bytes: Uint8Array, label: string): ReceivedText {
  try {
    const text = new TextDecoder(label, { fatal: true }).decode(bytes);
    return { text, decode: (some) => new TextDecoder(label).decode(some) };
  } catch (cause) {
    throw new Fault('request-invalid', `expected bytes of the character set that MSH-18 states (${label}), found others`, {}, { cause });
  }
}
