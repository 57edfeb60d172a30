import { readdir, readFile } from 'node:fs/promises';
import { counted } from '../evaluation/counted.js';
import { join } from 'node:path';
import { z } from 'zod';
import { Fault } from '../errors.js';
import { gateDecisionSchema, type Criterion } from '../evaluation/promotion/gate-decision.js';
import { evaluationReportSchema, type EvaluationReport } from '../evaluation/report/evaluation-report.js';
import { writeFileAtomically } from '../atomic-write.js';
import { lineageSchema } from './lineage.js';

/**
 * What was changed, or was not, and why: one record for every challenger that came before the gate (FDA, "Predetermined Change
 * Control Plan" guidance, December 2024: version control and documentation of each modification). UIDs, counts and figures only.
 */
export const changeRecordSchema = z
  .strictObject({
    /** Names the files: `night-2026-11-24T02-00-00Z`. */
    id: z.string().regex(/^[\w-]{1,100}$/, 'expected letters, digits, hyphens and underscores'),
    startedAt: z.iso.datetime(),
    endedAt: z.iso.datetime(),
    /** Who asked for it: `night`, `command line`, a login. */
    by: z.string(),
    codeVersion: z.string(),
    engine: z.string(),
    seed: z.int(),
    challenger: z.string().nullable(),
    champion: z.string().nullable(),
    lineage: lineageSchema.nullable(),
    /** Null where it came to no challenger: too few labels, training gone astray, time over. */
    decision: gateDecisionSchema.nullable(),
    /** What came of it. `shadow`: kept as challenger, judging beside the champion. */
    outcome: z.enum(['promoted', 'refused', 'shadow', 'not-trained', 'failed']),
    why: z.string(),
    /** On the locked test set. */
    figures: z.strictObject({ challenger: evaluationReportSchema.nullable(), champion: evaluationReportSchema.nullable() }),
    notes: z.array(z.string()).readonly().default([]),
  })
  .readonly();

export type ChangeRecord = z.infer<typeof changeRecordSchema>;

/** Writes `<id>.json` and, for people, `<id>.md`, each whole or not at all; the JSON last, because it is what is listed. */
export async function writeChangeRecord(directory: string, record: ChangeRecord): Promise<void> {
  const checked = changeRecordSchema.parse(record);
  await writeFileAtomically(join(directory, `${checked.id}.md`), describeChange(checked));
  await writeFileAtomically(join(directory, `${checked.id}.json`), `${JSON.stringify(checked, null, 2)}\n`);
}

/** Ids, newest first. */
export async function listChangeRecords(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? [] : Promise.reject(error)));
  const ids = names.filter((name) => /^[\w-]+\.json$/.test(name)).map((name) => name.slice(0, -'.json'.length));
  const starts = new Map(await Promise.all(ids.map(async (id) => [id, (await readChangeRecord(directory, id)).startedAt] as const)));
  return ids.sort((one, other) => (starts.get(one)! < starts.get(other)! ? 1 : -1));
}

/** Record of the last night, by its name, which holds the time: no other file is read. */
export async function newestNight(directory: string): Promise<ChangeRecord | undefined> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? [] : Promise.reject(error)));
  const last = names.filter((name) => /^night-[\w-]+\.json$/.test(name)).sort().at(-1);
  return last === undefined ? undefined : readChangeRecord(directory, last.slice(0, -'.json'.length));
}

/** @throws Fault 'model-unknown' if there is no such record */
export async function readChangeRecord(directory: string, id: string): Promise<ChangeRecord> {
  if (!/^[\w-]{1,100}$/.test(id)) throw new Fault('model-unknown', 'expected the name of a change record', { source: directory });
  const text = await readFile(join(directory, `${id}.json`), 'utf8').catch((cause: unknown) => {
    throw new Fault('model-unknown', `expected a change record, found none called ${id}`, { source: directory }, { cause });
  });
  return changeRecordSchema.parse(JSON.parse(text));
}

/** The record in Markdown. */
export function describeChange(record: ChangeRecord): string {
  const { id, startedAt, endedAt, by, codeVersion, engine, seed, challenger, champion, lineage, decision, outcome, why, figures, notes } = record;
  return `# Change ${id}: ${outcome}

${why}

Not for diagnosis.

| | |
|---|---|
| from, to | ${startedAt}, ${endedAt} |
| asked for by | ${by} |
| champion before | ${champion ?? 'none'} |
| challenger | ${challenger ?? 'none'} |
| program, engine, seed | ${codeVersion}, ${engine}, ${seed} |
${lineage ? `| trained on | ${lineage.dataset.name}: ${counted(lineage.dataset.images, 'image')} of ${counted(lineage.dataset.patients, 'patient')}${lineage.dataset.sha256 ? `, manifest ${lineage.dataset.sha256.slice(0, 12)}` : ''} |\n| started from | ${lineage.parent ?? lineage.startedFrom ?? 'nothing'} |\n` : ''}${decision ? criteria(decision.criteria, decision.testSet) : ''}${figuresTable(figures)}${notes.length > 0 ? `\n## Notes\n\n${notes.map((note) => `- ${note}`).join('\n')}\n` : ''}`;
}

function criteria(all: readonly Criterion[], testSet: { readonly name: string; readonly n: number; readonly patients: number }): string {
  const number = (value: number | null): string => (value === null ? '–' : value.toFixed(3));
  const rows = all.map(({ name, class: of, figure, interval, comparison, bound, passed, counts, words }) => `| ${passed ? 'passed' : counts ? '**not passed**' : 'not passed'}${counts ? '' : ' (shown only)'} | ${name} | ${of ?? ''} | ${number(figure)}${interval ? ` (${number(interval[0])} to ${number(interval[1])})` : ''} | ${bound === null ? '' : `${comparison.replace('-', ' ')} ${number(bound)}`} | ${words} |`);
  return `\n## The gate\n\nOn ${testSet.name}: ${counted(testSet.n, 'image')} of ${counted(testSet.patients, 'patient')}, locked.\n\n| | criterion | finding | figure | bound | |\n|---|---|---|---|---|---|\n${rows.join('\n')}\n`;
}

function figuresTable({ challenger, champion }: ChangeRecord['figures']): string {
  if (!challenger) return '';
  const cell = (report: EvaluationReport | null, name: string): string => {
    const figure = report?.auroc[name];
    return !figure || figure.value === null ? '–' : `${figure.value.toFixed(3)}${figure.interval ? ` (${figure.interval[0].toFixed(3)} to ${figure.interval[1].toFixed(3)})` : ''}`;
  };
  return `\n## AUROC on the locked test set\n\n| finding | champion | challenger |\n|---|---|---|\n${challenger.classes.map((name) => `| ${name} | ${cell(champion, name)} | ${cell(challenger, name)} |`).join('\n')}\n`;
}
