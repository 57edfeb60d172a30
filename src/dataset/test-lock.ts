import { createHash, createHmac, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { asFault, Fault } from '../errors.js';
import { groupsOf } from './groups.js';
import type { Example } from './example.js';
import { assign, byRoot } from './stratify.js';
import { writeFileAtomically } from '../lib/atomic-write.js';

const hex64 = z.string().regex(/^[0-9a-f]{64}$/);
const lockSchema = z.strictObject({
  format: z.literal('orthanc-chest-ai test lock'),
  version: z.literal(1),
  /** YYYY-MM-DD */
  created: z.string(),
  seed: z.int(),
  share: z.number(),
  salt: hex64,
  /** HMAC-SHA-256 of each patient under the salt, sorted: the file identifies no patient. */
  patients: z.array(hex64).min(1).readonly(),
  /** SHA-256 over everything else. */
  checksum: hex64,
});

/** The patients of the test set. Locked once; nothing later moves one of them to another part, or another one in. */
export type TestLock = z.infer<typeof lockSchema>;

export function isLocked(lock: TestLock, patient: string): boolean {
  return setOf(lock).has(hashOf(lock.salt, patient));
}

const sets = new WeakMap<TestLock, ReadonlySet<string>>();

function setOf(lock: TestLock): ReadonlySet<string> {
  const known = sets.get(lock) ?? new Set(lock.patients);
  sets.set(lock, known);
  return known;
}

function hashOf(salt: string, patient: string): string {
  return createHmac('sha256', Buffer.from(salt, 'hex')).update(patient).digest('hex');
}

export interface LockOptions {
  readonly seed: number;
  /** Of the images, by patient and stratified as every split. */
  readonly share: number;
  /** YYYY-MM-DD */
  readonly created: string;
}

/**
 * The lock of a data set: read if it is there (then the options count for nothing), else drawn and written.
 *
 * @throws Fault dataset-invalid if the file was changed, or if the share is less than one patient
 */
export async function openTestLock(path: string, examples: readonly Example[], options: LockOptions): Promise<TestLock> {
  const there = await readTestLock(path);
  if (there) return there;
  const lock = drawTestLock(examples, options);
  await writeFileAtomically(path, `${JSON.stringify(lock, undefined, 1)}\n`);
  return lock;
}

export function drawTestLock(examples: readonly Example[], { seed, share, created }: LockOptions): TestLock {
  const result = new Array<'rest' | 'test'>(examples.length).fill('rest');
  assign(
    [...byRoot(groupsOf(examples)).values()],
    examples,
    [
      ['rest', 1 - share],
      ['test', share],
    ],
    seed,
    result,
  );
  const chosen = examples.filter((_, index) => result[index] === 'test').map(({ patient }) => patient);
  if (chosen.length === 0)
    throw new Fault(
      'dataset-invalid',
      `expected patients enough for a test set of ${share * 100} %, found ${new Set(examples.map(({ patient }) => patient)).size}`,
    );
  return lockPatients(chosen, { seed, share, created });
}

/** A lock of exactly these patients, at least one; `seed` and `share` state how they were chosen. */
export function lockPatients(chosen: readonly string[], { seed, share, created }: LockOptions): TestLock {
  const salt = randomBytes(32).toString('hex');
  const patients = [...new Set(chosen.map((patient) => hashOf(salt, patient)))].sort();
  const content = { format: 'orthanc-chest-ai test lock', version: 1, created, seed, share, salt, patients } as const;
  return { ...content, checksum: checksumOf(content) };
}

/** @returns undefined if there is no such file */
export async function readTestLock(path: string): Promise<TestLock | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw asFault(error, 'dataset-invalid', { source: path });
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new Fault('dataset-invalid', 'expected the JSON of a test lock', { source: path }, { cause });
  }
  return parseTestLock(content, path);
}

/** @throws Fault dataset-invalid if it is no lock, or was changed */
export function parseTestLock(content: unknown, path: string): TestLock {
  const parsed = lockSchema.safeParse(content);
  if (!parsed.success)
    throw new Fault(
      'dataset-invalid',
      `test lock: ${parsed.error.issues.map(({ path: place, message }) => `${place.join('.')}: ${message}`).join('; ')}`,
      { source: path },
    );
  const expected = checksumOf(parsed.data);
  if (parsed.data.checksum !== expected)
    throw new Fault(
      'dataset-invalid',
      `the test lock was changed: expected checksum ${expected.slice(0, 12)}…, found ${parsed.data.checksum.slice(0, 12)}…`,
      { source: path },
    );
  return parsed.data;
}

function checksumOf({ format, version, created, seed, share, salt, patients }: Omit<TestLock, 'checksum'>): string {
  return createHash('sha256').update(JSON.stringify({ format, version, created, seed, share, salt, patients })).digest('hex');
}
