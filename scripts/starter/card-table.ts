import type { Estimate } from '../../src/evaluation/metrics/estimate.js';

/** Markdown of the card. */

export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(heads), `|${heads.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

export function estimate({ value, interval }: Estimate): string {
  return value === null ? '–' : `${number(value)}${interval ? ` (${number(interval[0])}–${number(interval[1])})` : ''}`;
}

export function number(value: number | null): string {
  return value === null ? '–' : value.toFixed(2);
}

export function share(value: number): string {
  return `${Number((value * 100).toFixed(1))} %`;
}
