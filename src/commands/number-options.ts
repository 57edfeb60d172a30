import { Fault } from '../errors.js';

/** The number that an option was given. @throws Fault request-invalid, with the option, its range and what was found */
export function numberOption(option: string, text: string, min: number, max = Infinity): number {
  return checked(option, text, 'a number', min, max, Number.isFinite);
}

/** As `numberOption`, for whole numbers. */
export function wholeNumberOption(option: string, text: string, min: number, max = Infinity): number {
  return checked(option, text, 'a whole number', min, max, Number.isInteger);
}

function checked(option: string, text: string, kind: string, min: number, max: number, isOfKind: (value: number) => boolean): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (isOfKind(value) && value >= min && value <= max) return value;
  const range = max === Infinity ? `from ${min}` : `from ${min} to ${max}`;
  throw new Fault('request-invalid', `expected ${option} as ${kind} ${range}, found ${text}`);
}
