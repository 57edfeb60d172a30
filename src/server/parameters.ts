import { z } from 'zod';
import { isUsableUid } from '../dicom/uid.js';
import { Fault } from '../errors.js';

/** Parameters of queries and paths. */

/** A whole number. */
export function wholeNumber(minimum: number, maximum: number): z.ZodCoercedNumber {
  const message = `expected a whole number from ${minimum} to ${maximum}`;
  return z.coerce.number({ error: message }).int({ error: message }).min(minimum, { error: message }).max(maximum, { error: message });
}

/** One text, without blanks around it; an empty one counts as absent. */
export function optionalText(maxLength: number) {
  const message = `expected one text of at most ${maxLength} characters`;
  return z
    .string({ error: message })
    .max(maxLength, { error: message })
    .transform((text) => (text === '' ? undefined : text.trim()))
    .optional();
}

/** A UID of a path that the PACS can be searched for. @throws Fault `request-invalid` */
export function usableUid(text: string): string {
  if (isUsableUid(text)) return text;
  throw new Fault('request-invalid', 'expected a UID in the address, found something else');
}

/**
 * A Study Instance UID of a path, in the form in which the index holds it: as PACS hold them, also against PS3.5 §9.1, or quoted
 * (see quotedUid).
 *
 * @throws Fault `request-invalid`
 */
export function studyUid(text: string): string {
  if (isUsableUid(text) || /^(?=.*%)[0-9A-Za-z%][0-9A-Za-z._%~-]{0,127}$/.test(text)) return text;
  throw new Fault('request-invalid', 'expected a Study Instance UID in the address, found something else');
}

/** Two letters of ISO 639-1. */
export const languageQuery = z
  .string()
  .regex(/^[a-z]{2}$/, 'two letters, as in en')
  .default('en');
