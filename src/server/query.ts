import { isUsableUid } from '../dicom/uid.js';
import { Fault } from '../errors.js';

/** A number from a request's query. @throws Fault `request-invalid` */
export function wholeNumber(value: unknown, minimum: number, maximum: number, fallback: number): number {
  if (value === undefined) return fallback;
  const number = Number(value);
  if (Number.isInteger(number) && number >= minimum && number <= maximum) return number;
  throw new Fault('request-invalid', `expected a whole number from ${minimum} to ${maximum}, found ${shown(value)}`);
}

/** One of some words from a request's query. @throws Fault `request-invalid` */
export function oneOf<const Choice extends string>(value: unknown, choices: readonly Choice[]): Choice | undefined {
  if (value === undefined) return undefined;
  const found = choices.find((choice) => choice === value);
  if (found) return found;
  throw new Fault('request-invalid', `expected one of ${choices.join(', ')}, found ${shown(value)}`);
}

/** One text, without blanks around it; undefined for an empty one. @throws Fault `request-invalid` */
export function text(value: unknown, name: string, maxLength: number): string | undefined {
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'string' && value.length <= maxLength) return value.trim();
  throw new Fault('request-invalid', `expected one text of at most ${maxLength} characters for ${name}`);
}

/**
 * A Study Instance UID in an address, in the form in which the index holds it: as PACS hold them, also against PS3.5 §9.1, or quoted
 * (see quotedUid).
 *
 * @throws Fault `request-invalid`
 */
export function studyUid(value: unknown): string {
  if (typeof value === 'string' && (isUsableUid(value) || /^(?=.*%)[0-9A-Za-z%][0-9A-Za-z._%~-]{0,127}$/.test(value))) return value;
  throw new Fault('request-invalid', 'expected a Study Instance UID in the address, found something else');
}

function shown(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 40) ?? '';
}
