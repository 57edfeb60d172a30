import { readdir, readFile } from 'node:fs/promises';
import { pluralise } from '../evaluation/pluralise.js';
import { join } from 'node:path';
import { z } from 'zod';
import { asFault, Fault } from '../errors.js';
import { gateDecisionSchema, type Criterion } from '../evaluation/promotion/gate-decision.js';
import { evaluationReportSchema, type EvaluationReport } from '../evaluation/report/evaluation-report.js';
import { writeFileAtomically } from '../lib/atomic-write.js';
import { lineageSchema } from './lineage.js';

/**
 * What was changed, or not changed, and why: one record for every challenger that the gate examined (FDA, "Predetermined Change
 * Control Plan" guidance, December 2024: version control and documentation of each modification). UIDs, counts and figures only.
 */
export const changeRecordSchema = z
  .strictObject({
    /** Names the files: `retraining-2026-11-24T02-00-00-000Z`; `night-…` in releases up to 0.2.0. */
    id: z.string().regex(/^[\w-]{1,100}$/, 'expected letters, digits, hyphens and underscores'),
    startedAt: z.iso.datetime(),
    endedAt: z.iso.datetime(),
    /** Who requested it: `schedule` (`night` in releases up to 0.2.0), `command line`, an account. */
    by: z.string(),
    codeVersion: z.string(),
    engine: z.string(),
    seed: z.int(),
    challenger: z.string().nullable(),
    champion: z.string().nullable(),
    lineage: lineageSchema.nullable(),
    /** Null if there is no challenger: too few labels, training diverged, time over. */
    decision: gateDecisionSchema.nullable(),
    /** The outcome. `shadow`: passed the gate and became the challenger, which predicts beside the champion. */
    outcome: z.enum(['promoted', 'refused', 'shadow', 'not-trained', 'failed']),
    why: z.string(),
    /** On the locked test set. */
    figures: z.strictObject({ challenger: evaluationReportSchema.nullable(), champion: evaluationReportSchema.nullable() }),
    notes: z.array(z.string()).readonly().default([]),
  })
  .readonly();

export type ChangeRecord = z.infer<typeof changeRecordSchema>;

/** Writes `<id>.json` and `<id>.md` atomically; the JSON last, because the list is made of these. */
async function writeChangeRecord(directory: string, record: ChangeRecord): Promise<void> {
  const checked = changeRecordSchema.parse(record);
  await writeFileAtomically(join(directory, `${checked.id}.md`), describeChange(checked));
  await writeFileAtomically(join(directory, `${checked.id}.json`), `${JSON.stringify(checked, null, 2)}\n`);
}

/** A record that cannot be read: damaged, or written by a later release. */
export interface UnreadableChange {
  readonly id: string;
  readonly why: string;
}

/** Where records are stored: files below DATA_DIR, or the database that several processes share. */
export interface ChangeRecords {
  /** @throws Fault 'disk-full', 'database-unavailable' */
  write(record: ChangeRecord): Promise<void>;
  /** Newest first. One that cannot be read is named and does not hide the others. */
  list(): Promise<{ readonly ids: readonly string[]; readonly unreadable: readonly UnreadableChange[] }>;
  /** @throws Fault 'model-unknown' if there is no such record, 'model-invalid' if it cannot be read */
  read(id: string): Promise<ChangeRecord>;
  /** The record of the last retraining run that can be read. */
  lastRun(): Promise<ChangeRecord | undefined>;
}

export function changeFiles(directory: string): ChangeRecords {
  const ids = async (): Promise<readonly string[]> => {
    const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? [] : Promise.reject(error)));
    return names.filter((name) => /^[\w-]+\.json$/.test(name)).map((name) => name.slice(0, -'.json'.length));
  };
  const read = async (id: string): Promise<ChangeRecord> => {
    if (!isChangeId(id)) throw new Fault('model-unknown', 'expected the name of a change record', { source: directory });
    const source = join(directory, `${id}.json`);
    const text = await readFile(source, 'utf8').catch((cause: NodeJS.ErrnoException) => {
      throw cause.code === 'ENOENT'
        ? new Fault('model-unknown', `expected a change record, found none called ${id}`, { source: directory }, { cause })
        : asFault(cause, 'model-invalid', { source });
    });
    return parseChange(text, source);
  };
  return {
    write: (record) => writeChangeRecord(directory, record),
    list: async () => sortChanges(await Promise.all((await ids()).map(async (id) => ({ id, read: () => read(id) })))),
    read,
    // The name contains the time: no older file is read.
    async lastRun() {
      for (const id of (await ids()).filter(isRetrainingRecord).sort((one, other) => (timeIn(one) < timeIn(other) ? 1 : -1))) {
        const record = await read(id).catch(passOverUnreadable);
        if (record) return record;
      }
      return undefined;
    },
  };
}

/** Whether an id is that of a retraining run's record; `night-` in releases up to 0.2.0. */
export function isRetrainingRecord(id: string): boolean {
  return /^(retraining|night)-/.test(id);
}

function timeIn(id: string): string {
  return id.slice(id.indexOf('-'));
}

export function isChangeId(id: string): boolean {
  return /^[\w-]{1,100}$/.test(id);
}

/** @throws Fault 'model-invalid' naming what was found */
export function parseChange(content: unknown, source: string): ChangeRecord {
  try {
    return changeRecordSchema.parse(typeof content === 'string' ? JSON.parse(content) : content);
  } catch (cause) {
    throw new Fault(
      'model-invalid',
      `expected a change record of this release, found ${cause instanceof z.ZodError ? `another content (${cause.issues[0]?.path.join('.') || 'the record'}: ${cause.issues[0]?.message})` : 'no JSON'}`,
      { source },
      { cause },
    );
  }
}

export function passOverUnreadable(error: unknown): undefined {
  if (error instanceof Fault && ['model-invalid', 'model-unknown'].includes(error.code)) return undefined;
  throw error;
}

export async function sortChanges(
  all: readonly { readonly id: string; readonly read: () => Promise<ChangeRecord> }[],
): ReturnType<ChangeRecords['list']> {
  const readable: { readonly id: string; readonly startedAt: string }[] = [];
  const unreadable: UnreadableChange[] = [];
  for (const { id, read } of all) {
    try {
      readable.push({ id, startedAt: (await read()).startedAt });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (error.code === 'model-invalid') unreadable.push({ id, why: error.detail });
      else if (error.code !== 'model-unknown') throw error;
    }
  }
  return { ids: readable.sort((one, other) => (one.startedAt < other.startedAt ? 1 : -1)).map(({ id }) => id), unreadable };
}

/** The record in Markdown. */
export function describeChange(record: ChangeRecord): string {
  const { id, startedAt, endedAt, by, codeVersion, engine, seed, challenger, champion, lineage, decision, outcome, why, figures, notes } =
    record;
  return `# Change ${id}: ${outcome}

${why}

Not for diagnosis.

| | |
|---|---|
| from, to | ${startedAt}, ${endedAt} |
| started by | ${by} |
| champion before | ${champion ?? 'none'} |
| challenger | ${challenger ?? 'none'} |
| program, engine, seed | ${codeVersion}, ${engine}, ${seed} |
${lineage ? `| trained on | ${lineage.dataset.name}: ${pluralise(lineage.dataset.images, 'image')} of ${pluralise(lineage.dataset.patients, 'patient')}${lineage.dataset.sha256 ? `, manifest ${lineage.dataset.sha256.slice(0, 12)}` : ''} |\n| started from | ${lineage.parent ?? lineage.startedFrom ?? 'nothing'} |\n` : ''}${decision ? criteria(decision.criteria, decision.testSet) : ''}${figuresTable(figures)}${notes.length > 0 ? `\n## Notes\n\n${notes.map((note) => `- ${note}`).join('\n')}\n` : ''}`;
}

function criteria(all: readonly Criterion[], testSet: { readonly name: string; readonly n: number; readonly patients: number }): string {
  const number = (value: number | null): string => (value === null ? '–' : value.toFixed(3));
  const rows = all.map(
    ({ name, class: of, group, figure, interval, comparison, bound, passed, counts, words }) =>
      `| ${passed ? 'passed' : counts ? '**failed**' : 'shown only'} | ${name} | ${of ?? ''} | ${group ?? ''} | ${number(figure)}${interval ? ` (${number(interval[0])} to ${number(interval[1])})` : ''} | ${bound === null ? '' : `${comparison.replace('-', ' ')} ${number(bound)}`} | ${words} |`,
  );
  return `\n## The gate\n\nOn ${testSet.name}: ${pluralise(testSet.n, 'image')} of ${pluralise(testSet.patients, 'patient')}, locked.\n\n| | criterion | finding | worst group | figure | bound | |\n|---|---|---|---|---|---|---|\n${rows.join('\n')}\n`;
}

function figuresTable({ challenger, champion }: ChangeRecord['figures']): string {
  if (!challenger) return '';
  const cell = (report: EvaluationReport | null, name: string): string => {
    const figure = report?.auroc[name];
    return !figure || figure.value === null
      ? '–'
      : `${figure.value.toFixed(3)}${figure.interval ? ` (${figure.interval[0].toFixed(3)} to ${figure.interval[1].toFixed(3)})` : ''}`;
  };
  return `\n## AUROC on the locked test set\n\n| finding | champion | challenger |\n|---|---|---|\n${challenger.classes.map((name) => `| ${name} | ${cell(champion, name)} | ${cell(challenger, name)} |`).join('\n')}\n`;
}
