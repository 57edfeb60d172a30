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

function shown(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 40) ?? '';
}
