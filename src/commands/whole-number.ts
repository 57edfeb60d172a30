import { Fault } from '../errors.js';

/** The whole number that an option was given. @throws Fault request-invalid, with the option, its range and what was found */
export function wholeNumberOf(option: string, text: string, min: number, max = Infinity): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  const range = max === Infinity ? `from ${min}` : `from ${min} to ${max}`;
  throw new Fault('request-invalid', `expected ${option} as a whole number ${range}, found ${text}`);
}
