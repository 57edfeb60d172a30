/** What one run of tests showed, or why there was none. */
export interface StageResult {
  /** Version, or its beginning: "24", "24.22.3". */
  readonly node: string;
  /** Version; "installed" if it is not known. */
  readonly orthanc?: string;
  readonly what: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** The part of these on a PostgreSQL server; the rest is on the embedded database or needs none. */
  readonly onPostgres: { readonly passed: number; readonly failed: number; readonly skipped: number };
  /** It ended with another status than 0. */
  readonly crashed: boolean;
  readonly notRun?: string;
  /** "file: test". */
  readonly failures?: readonly string[];
  /** "file: test" that failed at first. */
  readonly passedAlone?: readonly string[];
}

export interface Cell {
  readonly node: string;
  readonly orthanc: string;
  readonly database: 'PGlite' | 'PostgreSQL';
  readonly text: string;
}

/** The stage that is one whole run of the program and no test. */
export const demonstration = 'the demonstration';

/** For how long a stage may still run, in whole milliseconds: Node refuses a fraction. At least a minute, in which it can say where it is. */
export function timeLeftMs(maxMinutes: number, minutesPassed: number): number {
  return Math.ceil(Math.max(1, maxMinutes - minutesPassed) * 60_000);
}

/** One cell for each Node × Orthanc × database, in the order in which they were run. */
export function cellsOf(results: readonly StageResult[]): readonly Cell[] {
  const groups = new Map<string, StageResult[]>();
  for (const result of results) {
    const key = `${result.node.split('.')[0]} ${orthancOf(result, results)}`;
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  return [...groups].flatMap(([key, group]) => {
    const [node, orthanc] = key.split(' ') as [string, string];
    return (['PGlite', 'PostgreSQL'] as const).map((database) => ({ node, orthanc, database, text: textOf(group, database) }));
  });
}

/** Two numbers of the version; that of "installed" is known from the runs that tell it. */
function orthancOf(result: StageResult, results: readonly StageResult[]): string {
  const version = result.orthanc ?? 'none';
  if (version !== 'installed') return version.split('.').slice(0, 2).join('.');
  const told = results.find((one) => /^\d/.test(one.orthanc ?? '') && !one.orthanc!.startsWith('1.12'))?.orthanc;
  return told ? told.split('.').slice(0, 2).join('.') : 'installed';
}

function textOf(group: readonly StageResult[], database: Cell['database']): string {
  const run = group.filter((one) => one.notRun === undefined);
  if (run.length === 0) return `not run: ${group[0]!.notRun}`;
  const sum = (kind: 'passed' | 'failed' | 'skipped'): number =>
    run.reduce((total, one) => total + (database === 'PostgreSQL' ? one.onPostgres[kind] : one[kind] - one.onPostgres[kind]), 0);
  const [passed, failed, skipped] = [sum('passed'), sum('failed'), sum('skipped')];
  if (failed > 0) return `FAILED ${failed} of ${failed + passed}`;
  if (run.some((one) => one.crashed && one.failed === 0)) return 'FAILED: the run did not end in order';
  const leftOut = group.find((one) => one.notRun !== undefined)?.notRun;
  if (run.every(({ what }) => what === demonstration))
    return database === 'PostgreSQL'
      ? `not run: ${leftOut ?? 'the demonstration uses PGlite'}`
      : `the demonstration passed${leftOut === undefined ? '' : `; tests not run: ${leftOut}`}`;
  if (passed === 0) return skipped > 0 ? `not run: all ${skipped} tests were skipped` : 'not run: none of its tests concerns this';
  return `passed ${passed}${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

export function asText(cells: readonly Cell[]): string {
  const rows = [
    ['Node', 'Orthanc', 'database', 'result'],
    ...cells.map(({ node, orthanc, database, text }) => [node, orthanc, database, text]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** docs/reference/compatibility.md. */
export function asMarkdown(cells: readonly Cell[], date: Date): string {
  return `# Compatibility

Written by \`.ci/run --write\` on ${date.toISOString().slice(0, 10)}. On Node 24 with the Orthanc that Debian 12 installs (1.10) the whole suite runs, on Orthanc 1.12 (Debian 13) the tests of
its labels and from the PACS to the report with both databases, on Node 22 and 26 the demonstration and the unit tests of files that take less than two seconds. With \`--all\` every test file that starts an Orthanc runs on 1.12, and all unit tests and those from the PACS to the report on Node 22 and 26.

| Node | Orthanc | database | result |
| --- | --- | --- | --- |
${cells.map(({ node, orthanc, database, text }) => `| ${node} | ${orthanc} | ${database} | ${text} |`).join('\n')}
`;
}
