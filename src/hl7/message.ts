import { inCharacterSet, type Hl7CharacterSet } from './character-set.js';
import { escapeValue, lineBreak } from './escape.js';

/** A component, or its subcomponents. */
export type Component = string | undefined | readonly (string | undefined)[];
/** A field with one value, with components, with repetitions, or with lines of formatted text (FT). */
export type Field =
  | string
  | undefined
  | readonly Component[]
  | { readonly repetitions: readonly (readonly Component[])[] }
  | { readonly lines: readonly string[] };

/** A segment; its fields have the numbers of the standard: `{ 3: 'x' }` of PID is PID-3. Fields that are not named stay empty. */
export interface Segment {
  readonly name: string;
  readonly fields: Readonly<Record<number, Field>>;
}

/** MSH-1 and MSH-2. */
const fieldSeparator = '|';
const encodingCharacters = '^~\\&';

/**
 * A message in the "vertical bar" encoding (HL7 v2.5.1 §2.6): every value in the characters of the set and escaped, trailing empty
 * fields and components left out, each segment ended by CR.
 *
 * No value is ever written as `""`: it would tell the receiver to delete what it has (§2.5.3.3).
 *
 * @param segments MSH first, without its fields 1 and 2
 */
export function writeSegments(segments: readonly Segment[], set: Hl7CharacterSet): string {
  return segments.map((segment) => `${writeSegment(segment, set)}\r`).join('');
}

function writeSegment({ name, fields }: Segment, set: Hl7CharacterSet): string {
  const last = Math.max(0, ...Object.keys(fields).map(Number));
  const first = name === 'MSH' ? 3 : 1;
  const texts = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => writeField(fields[first + index], set));
  const start = name === 'MSH' ? ['MSH', encodingCharacters] : [name];
  return [...start, ...withoutTrailing(texts)].join(fieldSeparator);
}

function writeField(field: Field, set: Hl7CharacterSet): string {
  if (field === undefined || typeof field === 'string') return writeValue(field, set);
  if ('repetitions' in field) return field.repetitions.map((one) => writeComponents(one, set)).join('~');
  if ('lines' in field)
    return field.lines
      .flatMap((line) => line.split(/\r\n|[\r\n]/))
      .map((line) => writeValue(line, set))
      .join(lineBreak);
  return writeComponents(field, set);
}

function writeComponents(components: readonly Component[], set: Hl7CharacterSet): string {
  const texts = components.map((one) =>
    one === undefined || typeof one === 'string'
      ? writeValue(one, set)
      : withoutTrailing(one.map((part) => writeValue(part, set))).join('&'),
  );
  return withoutTrailing(texts).join('^');
}

function writeValue(value: string | undefined, set: Hl7CharacterSet): string {
  return value === undefined || value === '""' ? '' : escapeValue(inCharacterSet(value, set));
}

function withoutTrailing(texts: readonly string[]): readonly string[] {
  return texts.slice(0, texts.findLastIndex((text) => text !== '') + 1);
}
