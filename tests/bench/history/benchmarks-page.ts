import { goals, type Goal } from './goals.js';
import type { BenchRun } from './history.js';

/** docs/reference/benchmarks.md: no figure in it is typed by hand. */
export function benchmarksPage(history: readonly BenchRun[]): string {
  const latest = new Map(history.map((run) => [run.bench, run]));
  return `# Benchmarks

\`npm run bench\` measures on your machine, \`npm run bench -- report-study\` only one part. With the option \`--write\` it writes what it found to [benchmark-history.json](benchmark-history.json), from which this page is made. Values are medians unless stated otherwise.

## Goals

| figure | goal | measured | date, processor | reached |
| --- | --- | --- | --- | --- |
${goals.map((goal) => goalRow(goal, history)).join('\n')}

${goals
  .filter((goal) => goal.remark !== undefined)
  .map(({ what, remark }) => `- ${what}: ${remark}`)
  .join('\n')}

${[...latest.values()].map(section).join('\n')}`;
}

function section({ title, date, machine, bench, text }: BenchRun): string {
  return `## ${title}

\`npm run bench -- ${bench}\`, ${date}: ${machine}.

${text.trim()}
`;
}

/** A figure of each release, the latest last. */
function goalRow(goal: Goal, history: readonly BenchRun[]): string {
  const measured = history.flatMap(({ figures, release, date, machine }) =>
    figures[goal.id] === undefined ? [] : [{ value: figures[goal.id]!, release, date, machine }],
  );
  const last = measured.at(-1);
  const limit = goal.most === undefined ? `≥ ${valueText(goal, goal.least!)}` : `≤ ${valueText(goal, goal.most)}`;
  const values = measured.map(({ value, release }) => `${valueText(goal, value)}${measured.length > 1 ? ` (${release})` : ''}`).join(', ');
  const cells = last
    ? [values, `${last.date}, ${last.machine.split(',')[0]!}`, reaches(goal, last.value) ? 'yes' : 'no']
    : ['not yet', '', ''];
  return `| ${[goal.what, limit, ...cells].join(' | ')} |`;
}

export function reaches({ most, least }: Pick<Goal, 'most' | 'least'>, value: number): boolean {
  return (most === undefined || value <= most) && (least === undefined || value >= least);
}

function valueText({ unit }: Goal, value: number): string {
  const digits = unit === '' ? 2 : unit === 's' ? 1 : 0;
  return `${value.toFixed(digits)}${unit === '' ? '' : ` ${unit}`}`;
}

/** What a benchmark printed, as Markdown: tables stay tables, other lines are printed as they are. */
export function asMarkdown(printed: string): string {
  const blocks: { readonly isTable: boolean; readonly lines: string[] }[] = [];
  for (const line of printed.trim().split('\n')) {
    const isTable = line.startsWith('|');
    if (blocks.at(-1)?.isTable === isTable) blocks.at(-1)!.lines.push(line);
    else blocks.push({ isTable, lines: [line] });
  }
  return blocks
    .map(({ isTable, lines }) =>
      isTable ? lines.join('\n') : lines.join('').trim() === '' ? '' : `\`\`\`text\n${lines.join('\n').replace(/^\n+|\n+$/g, '')}\n\`\`\``,
    )
    .filter((block) => block !== '')
    .join('\n\n');
}
