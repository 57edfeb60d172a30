import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../lib/atomic-write.js';
import type { LogEntry } from '../training/training-log.js';
import { comparedImagesFile, comparedImagesSchema, type ComparedImage } from './compared-images.js';
import { retrainingFolders, type RetrainingPlace } from './retraining-folders.js';
import { parsePlan, type RetrainingPlan } from './retraining-plan.js';

/** One training run as the page shows it: settings, progress, and after a retraining run the images that it compared. */
export interface RunHistory {
  readonly id: string;
  /** `retraining`: on the readers' labels; `command`: by the command `train`. */
  readonly kind: 'retraining' | 'command';
  readonly name: string;
  readonly startedAt: string;
  /** Absent while the run is in progress or was interrupted. */
  readonly endedAt?: string | undefined;
  readonly classes: readonly string[];
  /** Everything that was configured, by name; equal runs have equal settings. */
  readonly settings: Readonly<Record<string, string>>;
  /** Number of images by part: train, validation, calibration, test … */
  readonly images: Readonly<Record<string, number>>;
  readonly threads?: number | undefined;
  /** Version that resulted. */
  readonly version?: string | undefined;
  readonly log: readonly LogEntry[];
  readonly compared: readonly ComparedImage[];
}

/** Runs that are remembered of each line; older ones are removed. */
const maxRuns = 50;
/** Steps of a run that are remembered; evenly spaced. */
export const maxSteps = 400;

const headSchema = z.object({
  id: z.string(),
  kind: z.enum(['retraining', 'command']),
  name: z.string(),
  startedAt: z.string(),
  endedAt: z.string().optional(),
  classes: z.array(z.string()),
  settings: z.record(z.string(), z.string()),
  images: z.record(z.string(), z.number()),
  threads: z.number().optional(),
  version: z.string().optional(),
});
const archivedSchema = headSchema.extend({ log: z.array(z.unknown()), compared: comparedImagesSchema });
export type RunHead = z.infer<typeof headSchema>;

/** File in the folder of a run of the command `train` that describes it. */
const headFile = 'run.json';

/** Describes a run of the command `train` in its folder, so that the page can show it. */
export async function describeRun(folder: string, head: RunHead): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFileAtomically(join(folder, headFile), JSON.stringify(headSchema.parse(head)));
}

/** Notes in the folder of a run that it has ended, with the version that resulted. */
export async function describeRunEnd(folder: string, endedAt: Date, version: string): Promise<void> {
  const head = await readHead(folder);
  if (head) await describeRun(folder, { ...head, endedAt: endedAt.toISOString(), version });
}

/** Remembers a retraining run before its folder is removed. Nothing is remembered of a run that trained no step. */
export async function rememberRun(place: RetrainingPlace, endedAt: Date, version: string | null): Promise<void> {
  const { root, run } = retrainingFolders(place);
  const current = await currentRun(place);
  if (!current || current.log.length === 0) return;
  const folder = join(root, 'runs');
  await mkdir(folder, { recursive: true });
  const record = { ...current, endedAt: endedAt.toISOString(), ...(version === null ? {} : { version }), compared: await comparedIn(run) };
  await writeFileAtomically(join(folder, `${current.id}.json`), JSON.stringify(record));
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  for (const name of names.slice(0, Math.max(0, names.length - maxRuns))) await rm(join(folder, name), { force: true });
}

/** The retraining run whose plan is on disk. */
async function currentRun(place: RetrainingPlace): Promise<RunHistory | undefined> {
  const { run } = retrainingFolders(place);
  const text = await readFile(join(run, 'plan.json'), 'utf8').catch(() => undefined);
  const plan = text === undefined ? undefined : parsePlan(text);
  if (!plan) return undefined;
  const threads = await readFile(join(run, 'settings.json'), 'utf8')
    .then((settings) => (JSON.parse(settings) as { threads?: number }).threads)
    .catch(() => undefined);
  return {
    id: plan.id,
    kind: 'retraining',
    name: plan.by,
    startedAt: plan.startedAt,
    classes: plan.classes,
    settings: settingsOf(plan),
    images: countParts(plan.images.map(({ part }) => part)),
    threads,
    log: await logIn(run),
    compared: [],
  };
}

function settingsOf({ champion, objective, recipe, lock }: RetrainingPlan): Readonly<Record<string, string>> {
  return { champion, objective, testLock: lock.slice(0, 12), ...flatSettings(recipe) };
}

/** Nested settings as text by dotted name: `augmentation.flip`. */
export function flatSettings(value: object, prefix = ''): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
      const name = Array.isArray(value) ? `${prefix}${Number(key) + 1}` : `${prefix}${key}`;
      if (inner === undefined) return [];
      return typeof inner === 'object' && inner !== null ? Object.entries(flatSettings(inner, `${name}.`)) : [[name, String(inner)]];
    }),
  );
}

export function countParts(parts: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const part of parts) counts[part] = (counts[part] ?? 0) + 1;
  return counts;
}

/**
 * Runs of a line's retraining that are remembered or in progress; for the default line also the runs of the command `train` below
 * DATA_DIR/training. Newest first; without steps and images.
 */
export async function listRuns(place: RetrainingPlace): Promise<readonly RunHead[]> {
  const { root } = retrainingFolders(place);
  const current = await currentRun(place);
  const archived = await Promise.all((await namesIn(join(root, 'runs'))).map((name) => archivedRun(join(root, 'runs', name))));
  const commands = await Promise.all((await commandFolders(place)).map(readHead));
  return [...(current ? [current] : []), ...archived, ...commands]
    .flatMap((run) => (run ? [headSchema.parse(run)] : []))
    .sort((one, other) => (one.startedAt < other.startedAt ? 1 : -1));
}

/** @returns undefined if there is no run of this id */
export async function readRun(place: RetrainingPlace, id: string): Promise<RunHistory | undefined> {
  const current = await currentRun(place);
  if (current?.id === id) return current;
  const { root } = retrainingFolders(place);
  if ((await namesIn(join(root, 'runs'))).includes(`${id}.json`)) return archivedRun(join(root, 'runs', `${id}.json`));
  for (const folder of await commandFolders(place)) {
    const head = await readHead(folder);
    if (head?.id === id) return { ...head, log: await logIn(folder), compared: [] };
  }
  return undefined;
}

/** Removes images of studies from what is remembered of runs. @returns how many were removed */
export async function eraseFromRuns(place: RetrainingPlace, isOne: (studyInstanceUID: string) => boolean, count = false): Promise<number> {
  const folder = join(retrainingFolders(place).root, 'runs');
  let removed = 0;
  for (const name of await namesIn(folder)) {
    const run = await archivedRun(join(folder, name));
    const others = run?.compared.filter(({ studyInstanceUID }) => !isOne(studyInstanceUID)) ?? [];
    if (!run || others.length === run.compared.length) continue;
    removed += run.compared.length - others.length;
    if (!count) await writeFileAtomically(join(folder, name), JSON.stringify({ ...run, compared: others }));
  }
  return removed;
}

async function commandFolders({ dataDir, line }: RetrainingPlace): Promise<readonly string[]> {
  if (line !== undefined && line !== 'default') return [];
  const folder = join(dataDir, 'training');
  return (await namesIn(folder)).map((name) => join(folder, name));
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}

async function archivedRun(file: string): Promise<RunHistory | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  try {
    const run = text === undefined ? undefined : archivedSchema.safeParse(JSON.parse(text)).data;
    return run && { ...run, log: run.log as readonly LogEntry[] };
  } catch {
    return undefined;
  }
}

async function readHead(folder: string): Promise<RunHead | undefined> {
  const text = await readFile(join(folder, headFile), 'utf8').catch(() => undefined);
  try {
    return text === undefined ? undefined : headSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

async function comparedIn(folder: string): Promise<readonly ComparedImage[]> {
  try {
    return comparedImagesSchema.parse(JSON.parse(await readFile(join(folder, comparedImagesFile), 'utf8')));
  } catch {
    return [];
  }
}

/** All epochs, and at most `maxSteps` steps. A line that is being written is left out. */
async function logIn(folder: string): Promise<readonly LogEntry[]> {
  const text = await readFile(join(folder, 'log.jsonl'), 'utf8').catch(() => '');
  const entries = text.split('\n').flatMap((line): LogEntry[] => {
    try {
      return line === '' ? [] : [JSON.parse(line) as LogEntry];
    } catch {
      return [];
    }
  });
  return thinned(entries, maxSteps);
}

/** Evenly spaced steps, the last one among them; every epoch. */
export function thinned(entries: readonly LogEntry[], max: number): readonly LogEntry[] {
  const count = entries.filter(({ kind }) => kind === 'step').length;
  if (count <= max) return entries;
  const every = Math.ceil(count / max);
  let index = 0;
  return entries.filter(({ kind }) => kind === 'epoch' || index++ % every === (count - 1) % every);
}
