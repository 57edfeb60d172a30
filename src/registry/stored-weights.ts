import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { asFault, Fault } from '../errors.js';
import { publishedWeights, type PublishedWeights } from '../network/published-weights.js';
import type { Tensors } from '../network/safetensors.js';
import { readPublishedWeights } from '../network/weights-file.js';
import { writeFileAtomically } from '../lib/atomic-write.js';
import { extractMember } from './archive-member.js';
import { downloadWeights, type Download } from './download-weights.js';

/** Written beside a fetched file: origin it is, and what it was compared with. */
const originSchema = z.strictObject({
  name: z.string(),
  url: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.int(),
  verified: z.string(),
});
export type StoredOrigin = z.output<typeof originSchema>;

export interface FetchRequest {
  /** Of the catalogue, for example `torchvision/resnet-34`. */
  readonly name: string;
  readonly directory: string;
  /** All 64 digits; else the digits that the publisher states. */
  readonly sha256?: string | undefined;
  readonly catalogue?: readonly PublishedWeights[];
}

/** Where published weights lie once they were fetched. */
export function storedFile(directory: string, { name, format }: Pick<PublishedWeights, 'name' | 'format'>): string {
  return join(directory, `${name.replaceAll('/', '-')}.${format}`);
}

/**
 * Fetches published weights into a folder, with their origin beside them; nothing is left there unless all of it arrived and fits.
 *
 * @throws Fault request-invalid (no such name, a checksum that the publisher contradicts), model-invalid (checksum), download-failed
 */
export async function fetchPublishedWeights({
  name,
  directory,
  sha256,
  catalogue = publishedWeights,
}: FetchRequest): Promise<StoredOrigin & { readonly file: string }> {
  const known = catalogue.find((one) => one.name === name);
  if (!known) throw new Fault('request-invalid', `expected one of ${catalogue.map((one) => one.name).join(', ')}, found ${name}`);
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256))
    throw new Fault('request-invalid', `expected --sha256 with 64 hexadecimal digits in lower case, found ${sha256}`);
  if (sha256 !== undefined && !sha256.startsWith(known.sha256Prefix ?? ''))
    throw new Fault(
      'request-invalid',
      `expected a SHA-256 that begins with ${known.sha256Prefix}, as its publisher states, found ${sha256}`,
    );
  const file = storedFile(directory, known);
  await mkdir(directory, { recursive: true });
  const download = await fetchFile(known, sha256 ?? known.sha256Prefix, file);
  const origin: StoredOrigin = { name, url: known.url, ...download };
  await writeFileAtomically(`${file}.origin.json`, `${JSON.stringify(origin, null, 2)}\n`);
  return { ...origin, file };
}

/** The file of weights itself, or out of the archive that it is published in; the archive is then what the checksum is compared with. */
async function fetchFile({ url, member }: PublishedWeights, sha256: string | undefined, into: string): Promise<Download> {
  if (member === undefined) return downloadWeights(url, { sha256, into });
  const archive = `${into}.archive`;
  try {
    const { verified } = await downloadWeights(url, { sha256, into: archive });
    return { ...(await extractMember(archive, member, into)), verified: `${verified} (of the archive that it is published in)` };
  } finally {
    await rm(archive, { force: true });
  }
}

/**
 * Weights by file, or by the name under which they were fetched.
 *
 * @returns tensors under torchvision's names, and for the model's lineage what they are
 * @throws Fault model-invalid if there are none, or a fetched file is no longer what was fetched
 */
export async function readStoredWeights(
  given: string,
  directory: string,
  catalogue: readonly PublishedWeights[] = publishedWeights,
): Promise<{ readonly tensors: Tensors; readonly origin: string }> {
  const known = catalogue.find(({ name }) => name === given);
  const isFile = await stat(given).then(
    (one) => one.isFile(),
    () => false,
  );
  const file = !isFile && known ? storedFile(directory, known) : given;
  const bytes = await readFile(file).catch((error: unknown) =>
    Promise.reject(
      known && !isFile
        ? new Fault(
            'model-invalid',
            `expected ${given} fetched before (\`weights fetch ${given}\`), found no file`,
            { source: file },
            { cause: error },
          )
        : asFault(error, 'model-invalid', { source: given }),
    ),
  );
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const origin = await originOf(file);
  if (origin && origin.sha256 !== sha256)
    throw new Fault('model-invalid', `expected sha256 ${origin.sha256} as it was fetched, found ${sha256}`, { source: file });
  const what = origin
    ? `${origin.name} (sha256 ${sha256.slice(0, 12)}, compared with ${origin.verified})`
    : `${basename(given)} (sha256 ${sha256.slice(0, 12)})`;
  return { tensors: readPublishedWeights(bytes, file), origin: what };
}

async function originOf(file: string): Promise<StoredOrigin | undefined> {
  const path = `${file}.origin.json`;
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return originSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Fault('model-invalid', 'expected what `weights fetch` wrote there', { source: path }, { cause });
  }
}
