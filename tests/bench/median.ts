/** The middle of the values; of an even number the lower one. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[(values.length - 1) >> 1] ?? NaN;
}

/** "median 512 (min 480, max 730)", in whole numbers. */
export function spread(values: readonly number[], unit = 'ms'): string {
  return `median ${median(values).toFixed(0)} ${unit} (min ${Math.min(...values).toFixed(0)}, max ${Math.max(...values).toFixed(0)}, n ${values.length})`;
}
