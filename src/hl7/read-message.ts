/** A segment of a received message. */
export interface ReadSegment {
  readonly name: string;
  /**
   * A value, unescaped; '' if it is absent or `""`.
   *
   * @param field as the standard counts: 3 of PID is PID-3
   * @param component 1-based; also the subcomponent, 1-based
   */
  value(field: number, component?: number, subcomponent?: number): string;
  /** The repetitions of a field, each as a segment with this one field. */
  repetitions(field: number): readonly ReadSegment[];
  /** The whole field as text: components and repetitions are joined by blanks, for texts with delimiters that were not escaped. */
  text(field: number): string;
}

/** A message in the "vertical bar" encoding (HL7 v2.5.1 §2.6), segment by segment. */
export interface ReadMessage {
  readonly msh: ReadSegment;
  readonly segments: readonly ReadSegment[];
}

interface Delimiters {
  readonly field: string;
  readonly component: string;
  readonly repetition: string;
  readonly escape: string;
  readonly subcomponent: string;
  /** Bytes of an escape sequence in the character set of the message. */
  decode(bytes: Uint8Array): string;
}

/** The first bytes of a message, before its character set is known. */
export const messageStart = /^MSH[^\p{L}\p{N}\s]/u;

/**
 * @param decode turns bytes of an escape sequence into text, in the character set of the message
 * @returns undefined if the text does not begin with a message header with usable delimiters
 */
export function readMessage(text: string, decode: Delimiters['decode']): ReadMessage | undefined {
  const lines = text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\r|\n/)
    .filter((line) => line.trim() !== '');
  const [head] = lines;
  if (head === undefined || !messageStart.test(head)) return undefined;
  const [field, component, repetition = '~', escape = '\\', subcomponent = '&'] = [...head.slice(3, 8)];
  if (field === undefined || component === undefined || component === field) return undefined;
  const isShort = (character: string): boolean => character === field;
  const delimiters: Delimiters = {
    field,
    component,
    repetition: isShort(repetition) ? '~' : repetition,
    escape: isShort(escape) ? '\\' : escape,
    subcomponent: isShort(subcomponent) ? '&' : subcomponent,
    decode,
  };
  const segments = lines.map((line) => segmentOf(line.trimStart(), delimiters));
  return { msh: segments[0]!, segments };
}

function segmentOf(line: string, delimiters: Delimiters): ReadSegment {
  const parts = line.split(delimiters.field);
  const name = parts[0]!.slice(0, 3);
  // MSH-1 is the separator itself.
  return readFields(name, name === 'MSH' ? ['MSH', delimiters.field, ...parts.slice(1)] : parts, delimiters);
}

function readFields(name: string, fields: readonly string[], delimiters: Delimiters): ReadSegment {
  const { component, repetition, subcomponent } = delimiters;
  return {
    name,
    value(field, componentAt = 1, subcomponentAt = 1) {
      const first = (fields[field] ?? '').split(repetition)[0]!;
      const part = first.split(component)[componentAt - 1]?.split(subcomponent)[subcomponentAt - 1] ?? '';
      return part === '""' ? '' : unescapeValue(part, delimiters);
    },
    repetitions: (field) =>
      (fields[field] ?? '')
        .split(repetition)
        .filter((one) => one !== '')
        .map((one) => readFields(name, Object.assign([] as string[], { [field]: one }), delimiters)),
    text: (field) =>
      (fields[field] ?? '')
        .split(repetition)
        .map((one) =>
          one
            .split(component)
            .map((part) => unescapeValue(part === '""' ? '' : part.split(subcomponent).join('&'), delimiters))
            .join(' ')
            .trimEnd(),
        )
        .join('\n'),
  };
}

/** Formatting commands of FT that begin a new line (HL7 v2.5.1 §2.7.6). */
const newLine = /^\.(?:br|sp\d*|ce|in[+-]?\d*|ti[+-]?\d*|fi|nf|sk\d*)$/i;

/**
 * The text of an escaped value (HL7 v2.5.1 §2.7): delimiters, line breaks of formatted text, bytes in hexadecimal. Highlighting and escape
 * sequences of other character sets are left out; an escape character that begins no sequence stays.
 */
function unescapeValue(value: string, delimiters: Delimiters): string {
  const { field, component, repetition, escape, subcomponent } = delimiters;
  if (!value.includes(escape)) return value;
  const meanings: Readonly<Record<string, string>> = { F: field, S: component, T: subcomponent, R: repetition, E: escape, H: '', N: '' };
  let text = '';
  for (let at = 0; at < value.length; ) {
    if (value[at] !== escape) {
      text += value[at++];
      continue;
    }
    const end = value.indexOf(escape, at + 1);
    const sequence = end < 0 ? undefined : value.slice(at + 1, end);
    const meaning = sequence === undefined ? undefined : meaningOfEscape(sequence, meanings, delimiters);
    if (meaning === undefined) text += value[at++];
    else {
      text += meaning;
      at = end + 1;
    }
  }
  return text;
}

function meaningOfEscape(sequence: string, meanings: Readonly<Record<string, string>>, { decode }: Delimiters): string | undefined {
  if (Object.hasOwn(meanings, sequence)) return meanings[sequence];
  if (newLine.test(sequence)) return /^\.sk/i.test(sequence) ? ' ' : '\n';
  if (/^X(?:[0-9A-F]{2})+$/i.test(sequence)) {
    return decode(Buffer.from(sequence.slice(1), 'hex')).replace(/\r\n|[\r\n]/g, '\n');
  }
  if (/^[CMZ][0-9A-F]{4,6}$/i.test(sequence) || /^Z/.test(sequence)) return '';
  return undefined;
}
