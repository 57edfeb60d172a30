import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { Fault } from '../errors.js';
import { modelReferenceSchema, type ModelReference } from '../evaluation/drift/reference.js';
import { lineageSchema, type Lineage } from './lineage.js';
import { modelFileSchema, type Adopted, type ModelFile } from './model-file.js';
import { modelIdentity } from './model-identity.js';
import { serveNetwork, type ServedNetwork } from './serve-network.js';

export type { ServedNetwork };

/** A model as it is served: one folder, named by its content. */
export interface ModelVersion {
  readonly name: string;
  readonly manufacturer: string;
  readonly version: string;
  readonly deviceUID: string;
  /** YYYY-MM-DD */
  readonly created: string;
  readonly license: string;
  readonly networks: { readonly xray?: ServedNetwork; readonly ct?: ServedNetwork };
  /** CARD.md, Markdown; empty if there is none. */
  readonly card: string;
  readonly figures: Readonly<Record<string, unknown>>;
  /** lineage.json; absent if the model does not state where it comes from. */
  readonly lineage?: Lineage;
  /** Where an adopted model was taken from; absent of a model that this software trained. */
  readonly adopted?: Adopted;
  /** reference.json: what drift is compared with; absent of a model that was not trained here. */
  readonly reference?: ModelReference['networks'];
  readonly directory: string;
  /** model.json as it stands there. */
  readonly file: ModelFile;
}

/**
 * Reads and checks a whole model: nothing is served of a folder in which one thing is wrong.
 *
 * @throws Fault 'model-invalid' naming file, place, what was expected and what was found
 */
export async function loadModelVersion(directory: string): Promise<ModelVersion> {
  const file = parseModelFile(await read(directory, 'model.json'), join(directory, 'model.json'));
  const { name, manufacturer, created, license, figures, adopted } = file;
  const networks: { xray?: ServedNetwork; ct?: ServedNetwork } = {};
  for (const kind of ['xray', 'ct'] as const) {
    const entry = file.networks[kind];
    if (!entry) continue;
    networks[kind] = await serveNetwork(
      entry,
      (name) => read(directory, name),
      (name) => join(directory, name),
    );
  }
  const card = await readCard(directory, file);
  const lineage = await readBeside(directory, 'lineage.json', lineageSchema, 'the lineage of a model');
  const reference = await readBeside(directory, 'reference.json', modelReferenceSchema, 'the training reference of a model');
  return {
    name,
    manufacturer,
    ...modelIdentity(file),
    created,
    license,
    networks,
    card,
    figures,
    ...(lineage ? { lineage } : {}),
    ...(adopted ? { adopted } : {}),
    ...(reference ? { reference: reference.networks } : {}),
    directory,
    file,
  };
}

/** Empty if there is none. @throws Fault 'model-invalid' if it is another one than model.json names */
async function readCard(directory: string, { card: expected }: ModelFile): Promise<string> {
  const source = join(directory, 'CARD.md');
  const bytes = await readFile(source).catch(() => Buffer.alloc(0));
  const found = createHash('sha256').update(bytes).digest('hex');
  if (expected !== undefined && found !== expected)
    throw new Fault('model-invalid', `expected sha256 ${expected}, found ${found}`, { source });
  return bytes.toString('utf8');
}

/** @returns undefined if there is no such file */
async function readBeside<Content>(
  directory: string,
  name: string,
  schema: z.ZodType<Content>,
  what: string,
): Promise<Content | undefined> {
  const source = join(directory, name);
  const text = await readFile(source, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Fault('model-invalid', `expected ${what}, found something else`, { source }, { cause });
  }
}

async function read(directory: string, name: string): Promise<Buffer> {
  const source = join(directory, name);
  try {
    return await readFile(source);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new Fault(
      'model-invalid',
      code === 'ENOENT' ? 'the file is missing' : `the file cannot be read (${code})`,
      { source },
      { cause: error },
    );
  }
}

function parseModelFile(bytes: Buffer, source: string): ModelFile {
  let content: unknown;
  try {
    content = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new Fault('model-invalid', `expected JSON (${(error as Error).message})`, { source }, { cause: error });
  }
  const parsed = modelFileSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new Fault('model-invalid', parsed.error.issues.slice(0, 5).map(describeIssue).join('; '), { source });
}

function describeIssue({ path, message }: z.core.$ZodIssue): string {
  return `${path.length ? path.join('.') : 'the file'}: ${message}`;
}
