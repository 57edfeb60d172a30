/** `1 patient`, `2 patients`. */
export function pluralise(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
