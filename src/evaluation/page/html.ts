import type { Estimate, Interval } from '../metrics/estimate.js';

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** `0.94 (0.92–0.95)`; a dash with the reason where it is not defined. */
export function figure(estimate: Estimate, write: (value: number) => string = decimals): string {
  if (estimate.value === null)
    return `<span class="none" title="${escaped(estimate.why ?? '')}">–<small> ${escaped(estimate.why ?? 'not defined')}</small></span>`;
  return `<b>${write(estimate.value)}</b>${range(estimate.interval, write)}`;
}

export function range(interval: Interval | null, write: (value: number) => string = decimals): string {
  return interval === null ? '' : ` <small>(${write(interval[0])}–${write(interval[1])})</small>`;
}

export function decimals(value: number): string {
  return value.toFixed(2);
}

export function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}

/** A value or a dash. */
export function optional(value: number | null, write: (value: number) => string = decimals): string {
  return value === null ? '–' : write(value);
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[]): string =>
    row.map((cell, index) => (index === 0 ? `<th scope="row">${cell}</th>` : `<td>${cell}</td>`)).join('');
  return `<div class="scroll"><table><thead><tr>${head.map((cell) => `<th scope="col">${cell}</th>`).join('')}</tr></thead><tbody>${rows.map((row) => `<tr>${cells(row)}</tr>`).join('')}</tbody></table></div>`;
}
