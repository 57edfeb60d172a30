import { link, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { Fault } from '../errors.js';
import { mapDiskFull, syncDirectory, unfinishedPrefix, writeNewFile } from '../lib/atomic-write.js';

/**
 * Which version is champion (serves) and which is challenger (may predict in shadow), and the history of both.
 *
 * One small file for each change, `00000007.json`; the highest number is current. A file is written whole beside the others and then
 * linked to its number, which fails if another process took the number first: two changes at once never mix, and a process
 * killed in the middle leaves the old state. The history is the files.
 */
export const aliasStateSchema = z
  .strictObject({
    revision: z.int().min(1),
    /** `first`: the first deployed model; `challenge`: a challenger was set or (null) removed. */
    action: z.enum(['first', 'challenge', 'promote', 'rollback']),
    champion: z.string(),
    challenger: z.string().nullable(),
    /** Champion before this change. */
    previous: z.string().nullable(),
    at: z.iso.datetime(),
    /** The actor: a login, `command line`, `schedule`. */
    by: z.string(),
    why: z.string(),
    /** Change record with the gate's decision, if there is one. */
    changeRecord: z.string().optional(),
  })
  .readonly();

export type AliasState = z.infer<typeof aliasStateSchema>;
export type AliasChange = Omit<AliasState, 'revision'>;

/** Where the changes are stored: files below DATA_DIR, or the database that several processes share. */
export interface AliasLog {
  /** Oldest first. */
  all(): Promise<readonly AliasState[]>;
  /** The current state; undefined before the first. */
  last(): Promise<AliasState | undefined>;
  /**
   * Appends a change that was decided on the basis of `seen`.
   *
   * @param seen the state that the change follows; undefined for the first
   * @throws Fault 'aliases-changed' if another change came in between: read the state and decide again
   */
  append(seen: AliasState | undefined, change: AliasChange): Promise<AliasState>;
}

export function aliasFiles(directory: string): AliasLog {
  return {
    all: () => readAliasLog(directory),
    last: () => readAliases(directory),
    append: (seen, change) => appendAlias(directory, seen, change),
  };
}

export function revisionTaken(revision: number, source: string): Fault {
  return new Fault('aliases-changed', `expected revision ${revision} to be free, found it taken`, { source });
}

/** Oldest first. */
async function readAliasLog(directory: string): Promise<readonly AliasState[]> {
  const names = (await namesIn(directory)).filter((name) => fileName.test(name)).sort();
  return Promise.all(names.map((name) => readState(directory, name)));
}

async function readAliases(directory: string): Promise<AliasState | undefined> {
  const last = (await namesIn(directory))
    .filter((name) => fileName.test(name))
    .sort()
    .at(-1);
  return last === undefined ? undefined : readState(directory, last);
}

async function appendAlias(directory: string, seen: AliasState | undefined, change: AliasChange): Promise<AliasState> {
  const state = aliasStateSchema.parse({ ...change, revision: (seen?.revision ?? 0) + 1 });
  await mapDiskFull(directory, () => mkdir(directory, { recursive: true }));
  const unfinished = join(directory, `${unfinishedPrefix}${randomUUID()}`);
  try {
    await writeNewFile(unfinished, `${JSON.stringify(state, null, 2)}\n`);
    await mapDiskFull(directory, () => link(unfinished, join(directory, nameOf(state.revision))));
    await syncDirectory(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw revisionTaken(state.revision, directory);
  } finally {
    await rm(unfinished, { force: true });
  }
  return state;
}

const fileName = /^\d{8}\.json$/;

function nameOf(revision: number): string {
  return `${String(revision).padStart(8, '0')}.json`;
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function readState(directory: string, name: string): Promise<AliasState> {
  const text = await readFile(join(directory, name), 'utf8');
  try {
    return aliasStateSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Fault(
      'model-invalid',
      `expected a change of aliases, found something else (${cause instanceof z.ZodError ? cause.issues[0]?.message : 'not JSON'})`,
      { source: join(directory, name) },
      { cause },
    );
  }
}

/** A version that serves or served. */
export interface PastChampion {
  readonly version: string;
  /** Promoted because the gate let it through, and not as the first model or without the gate. */
  readonly gated: boolean;
}

/**
 * The champions that rollbacks lead to, oldest first; the last one serves. A promotion adds one, a rollback takes one away, so that
 * two rollbacks go two steps back.
 *
 * @param history changes of aliases, oldest first
 */
export function championStack(history: readonly AliasState[]): readonly PastChampion[] {
  const stack: PastChampion[] = [];
  for (const { action, champion, changeRecord } of history) {
    if (action === 'rollback') stack.pop();
    else if (action !== 'challenge') stack.push({ version: champion, gated: action === 'promote' && changeRecord !== undefined });
  }
  return stack;
}
