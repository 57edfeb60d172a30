/** What the benchmarks of this process measured of the goals (goals.ts): a benchmark states it beside what it prints. */
const found = new Map<string, number>();

/** @param id of a goal @param value in the unit of the goal */
export function figure(id: string, value: number): void {
  found.set(id, value);
}

/** All that were stated since the last call. */
export function takeFigures(): Readonly<Record<string, number>> {
  const figures = Object.fromEntries(found);
  found.clear();
  return figures;
}
