import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { z } from 'zod';
import { asFault, Fault } from '../errors.js';
import { writeFileAtomically } from '../lib/atomic-write.js';
import { labelOrigins } from '../lib/label-origin.js';
import type { Example, ExampleSource, LabelKind } from './example.js';
import { readExamplePicture } from './read-picture.js';

export const manifestName = 'manifest.jsonl';

const slug = z.string().regex(/^[\p{L}\p{N}]+(-[\p{L}\p{N}]+)*$/u, 'expected a slug such as no-finding');

const entrySchema = z.strictObject({
  /** Relative to the data set, with `/`. */
  file: z.string().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** null where the pixels could not be read. */
  perceptualHash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
  patient: z.string().min(1),
  source: z.string(),
  view: z.string(),
  /** The finding in the source's own words. */
  finding: z.string(),
  labels: z.array(slug).readonly(),
  // The following of version 2; see Example.
  absent: z.array(slug).readonly().optional(),
  origins: z.record(slug, z.enum(labelOrigins)).readonly().optional(),
  age: z.number().min(0).max(130).optional(),
  devices: z.boolean().optional(),
});

const headSchema = z.strictObject({
  format: z.literal('orthanc-chest-ai data set'),
  /** 2 if an entry states absent findings, origins, age or devices, which releases up to 0.3 do not read. */
  version: z.union([z.literal(1), z.literal(2)]),
  kind: z.enum(['one-of-many', 'several']),
  classes: z.array(slug).readonly(),
});

export type ManifestEntry = z.infer<typeof entrySchema>;

/** Content of a data set's folder: `manifest.jsonl`, its first line the classes, then a line for each image. */
export interface Manifest {
  readonly kind: LabelKind;
  /** Sorted. */
  readonly classes: readonly string[];
  readonly entries: readonly ManifestEntry[];
}

/** Replaces the manifest as a whole, so that a reader never sees half of one. */
export async function writeManifest(directory: string, { kind, classes, entries }: Manifest): Promise<void> {
  const isOfVersion2 = ({ absent, origins, age, devices }: ManifestEntry): boolean =>
    [absent, origins, age, devices].some((one) => one !== undefined);
  const lines = [{ format: 'orthanc-chest-ai data set', version: entries.some(isOfVersion2) ? 2 : 1, kind, classes }, ...entries];
  await writeFileAtomically(join(directory, manifestName), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/** @throws Fault dataset-invalid naming file, line, what was expected and what was found */
export async function readManifest(directory: string): Promise<Manifest> {
  const source = join(directory, manifestName);
  let text: string;
  try {
    text = await readFile(source, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
      throw new Fault(
        'dataset-invalid',
        `expected a data set made by \`dataset import\`, found no ${manifestName}`,
        { source: directory },
        { cause },
      );
    throw asFault(cause, 'dataset-invalid', { source });
  }
  const [first, ...rest] = text
    .split('\n')
    .map((line, index) => ({ line, number: index + 1 }))
    .filter(({ line }) => line.trim() !== '');
  if (!first) throw new Fault('dataset-invalid', 'expected a first line with the classes, found an empty file', { source });
  const { kind, classes } = parseLine(first, headSchema, source);
  const entries = rest.map((line) => parseLine(line, entrySchema, source));
  checkClasses({ kind, classes, entries }, source);
  const outside = entries.find(({ file }) => !resolve(directory, file).startsWith(resolve(directory) + sep));
  if (outside) throw new Fault('dataset-invalid', `expected files inside the data set, found ${outside.file}`, { source });
  return { kind, classes, entries };
}

function checkClasses({ kind, classes, entries }: Manifest, source: string): void {
  for (const { file, labels, absent = [], origins = {} } of entries) {
    const named = [...labels, ...absent];
    if (named.some((name) => !classes.includes(name)))
      throw new Fault('dataset-invalid', `${file}: expected labels of ${classes.join(', ')}, found ${named.join(', ')}`, { source });
    const both = labels.find((label) => absent.includes(label));
    if (both !== undefined) throw new Fault('dataset-invalid', `${file}: expected ${both} to be present or absent, found both`, { source });
    const unnamed = Object.keys(origins).find((name) => !named.includes(name));
    if (unnamed !== undefined)
      throw new Fault('dataset-invalid', `${file}: expected origins of the findings that it names, found one of ${unnamed}`, { source });
    if (kind === 'one-of-many' && absent.length > 0)
      throw new Fault('dataset-invalid', `${file}: expected absent findings only in a data set of several, found ${absent.join(', ')}`, {
        source,
      });
  }
}

function parseLine<Schema extends z.ZodType>(
  { line, number }: { readonly line: string; readonly number: number },
  schema: Schema,
  source: string,
): z.output<Schema> {
  let content: unknown;
  try {
    content = JSON.parse(line);
  } catch (cause) {
    throw new Fault('dataset-invalid', `line ${number}: expected JSON, found ${line.slice(0, 40)}`, { source }, { cause });
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new Fault(
    'dataset-invalid',
    `line ${number}: ${parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}`,
    { source },
  );
}

/** A data set's folder as examples. Images that could not be decoded at import are left out. */
export async function openDatasetFolder(directory: string): Promise<ExampleSource> {
  const { kind, classes, entries } = await readManifest(directory);
  const usable = entries.filter(({ perceptualHash }) => perceptualHash !== null);
  return {
    kind,
    classes,
    examples: usable.map(exampleOf),
    picture: async ({ file, key }) => {
      const path = join(directory, file!);
      const bytes = await readFile(path).catch((error: unknown) => Promise.reject(asFault(error, 'image-unreadable', { source: path })));
      const found = createHash('sha256').update(bytes).digest('hex');
      if (found !== key)
        throw new Fault(
          'image-unreadable',
          `expected the file that was imported (sha256 ${key.slice(0, 12)}…), found another (${found.slice(0, 12)}…)`,
          { source: path },
        );
      return readExamplePicture(bytes, path);
    },
  };
}

function exampleOf({ sha256, perceptualHash, finding: _, ...entry }: ManifestEntry): Example {
  return { ...entry, key: sha256, ...(perceptualHash === null ? {} : { perceptualHash }) };
}
