import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { basename, extname, join, relative, resolve, sep } from 'node:path';
import { asFault, Fault } from '../errors.js';
import type { LabelKind } from './example.js';
import { kindOf } from './finding-labels.js';
import { manifestName, readManifest, writeManifest, type ManifestEntry } from './manifest.js';
import { readMetadataCsv, type MetadataRow } from './metadata-csv.js';
import { perceptualHash } from './perceptual-hash.js';
import { readExamplePicture } from './read-picture.js';
import { statementsOf, type RowStatements } from './row-statements.js';
import { slugOf } from './slug.js';

export interface ImportOptions {
  readonly metadata: string;
  readonly images: string;
  /** Made if missing. A data set that is there is added to; what it holds already is not touched. */
  readonly out: string;
  /** `several` if any cell joins findings by a bar, if not given. */
  readonly kind?: LabelKind | undefined;
  /** Name of the source where the list has no such column; the name of the folder of the list if not given. */
  readonly source?: string | undefined;
  /** Headings by which this list's columns go. */
  readonly columns?: Parameters<typeof readMetadataCsv>[2];
  /** Findings, as slugs, that may occur; any other is a mistake. */
  readonly findings?: readonly string[] | undefined;
  /** Views to take, as the list writes them; all if not given. */
  readonly views?: readonly string[] | undefined;
  readonly onProgress?: (done: number, total: number) => void;
}

/** What an import did, and what it found wrong; lines are those of the list. */
export interface ImportReport {
  readonly kind: LabelKind;
  readonly classes: Readonly<Record<string, number>>;
  readonly imported: number;
  readonly alreadyThere: number;
  readonly patients: number;
  readonly rowsWithoutImage: readonly { readonly line: number; readonly filename: string }[];
  readonly imagesWithoutRow: readonly string[];
  readonly rowsWithoutFinding: readonly number[];
  readonly otherView: number;
  /** Images, by name or by content, that two rows give different findings: left out. */
  readonly contradictions: readonly { readonly filename: string; readonly lines: readonly number[] }[];
  readonly unreadable: readonly { readonly file: string; readonly reason: string }[];
  /** Rows that name no patient: each image then stands for a patient of its own. */
  readonly withoutPatient: number;
  readonly strayLines: readonly number[];
  readonly encoding: string;
}

interface LabelledRow extends MetadataRow {
  readonly statements: RowStatements;
}

/**
 * The origin's labelling script: a list of images and their findings becomes a folder a class and a manifest that keeps patient,
 * source, view and checksums. The images themselves are copied, never changed.
 *
 * @throws Fault dataset-invalid naming the column, the line or the finding
 */
export async function importDataset(options: ImportOptions): Promise<ImportReport> {
  const { rows, strayLines, encoding } = readMetadataCsv(await readOr(options.metadata), options.metadata, options.columns);
  const files = await listFiles(options.images);
  const before = existsSync(join(options.out, manifestName)) ? await readManifest(options.out) : undefined;
  // a list that states what is absent describes each finding on its own
  const kind = options.kind ?? before?.kind ?? (rows.some(({ absent }) => absent) ? 'several' : kindOf(rows.map(({ finding }) => finding)));
  if (before && before.kind !== kind)
    throw new Fault('dataset-invalid', `expected a list of ${before.kind} as the data set is, found ${kind}`, { source: options.metadata });

  const { labelled, withoutFinding, otherView } = labelRows(rows, kind, options);
  const present = labelled.filter(({ filename }) => files.has(filename));
  const { chosen, contradictions } = oneRowAnImage(present);
  const source = slugOf(options.source ?? '') || basename(resolve(options.metadata, '..'));
  const { entries, alreadyThere, sameContent, unreadable } = await copyImages(chosen, before?.entries ?? [], source, options);
  const all = [...(before?.entries ?? []), ...entries];
  const classes = [...new Set(all.flatMap(({ labels, absent = [] }) => [...labels, ...absent]))].sort();
  if (all.length === 0)
    throw new Fault(
      'dataset-invalid',
      `expected images of the list in ${options.images}, found none: ${rows.length} rows, ${files.size} files`,
      { source: options.metadata },
    );
  await mkdir(options.out, { recursive: true });
  await writeManifest(options.out, { kind, classes, entries: all });
  const listed = new Set(rows.map(({ filename }) => filename));
  return {
    kind,
    classes: Object.fromEntries(classes.map((name) => [name, all.filter(({ labels }) => labels.includes(name)).length])),
    imported: entries.length,
    alreadyThere,
    patients: new Set(all.map(({ patient }) => patient)).size,
    rowsWithoutImage: labelled.filter(({ filename }) => !files.has(filename)).map(({ line, filename }) => ({ line, filename })),
    imagesWithoutRow: [...files].filter((name) => !listed.has(name)).sort(),
    rowsWithoutFinding: withoutFinding,
    otherView,
    contradictions: [...contradictions, ...sameContent],
    unreadable,
    withoutPatient: entries.filter(({ patient }) => patient.includes('/file ')).length,
    strayLines,
    encoding,
  };
}

interface Copied {
  readonly entries: readonly ManifestEntry[];
  readonly alreadyThere: number;
  readonly sameContent: readonly { readonly filename: string; readonly lines: readonly number[] }[];
  readonly unreadable: readonly { readonly file: string; readonly reason: string }[];
}

/** One picture under two names is one image; with two findings it is a contradiction, and left out. */
async function copyImages(
  chosen: readonly LabelledRow[],
  before: readonly ManifestEntry[],
  source: string,
  options: ImportOptions,
): Promise<Copied> {
  const there = new Map(before.map((entry) => [`${entry.source} ${entry.sha256}`, textOf(entry)]));
  const made = new Map<string, { readonly entry: ManifestEntry; readonly row: LabelledRow }>();
  const taken = new Set(before.map(({ file }) => file.toLowerCase()));
  const unreadable: { file: string; reason: string }[] = [];
  const sameContent: { filename: string; lines: readonly number[] }[] = [];
  let alreadyThere = 0;
  for (const [index, row] of chosen.entries()) {
    options.onProgress?.(index, chosen.length);
    const path = join(options.images, row.filename);
    const bytes = await readOr(path);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const from = row.source || source;
    const content = `${from} ${sha256}`;
    const twin = made.get(content);
    const statedBefore = twin ? textOf(twin.entry) : there.get(content);
    if (statedBefore !== undefined) {
      if (statedBefore === textOf(row.statements)) alreadyThere++;
      else sameContent.push({ filename: row.filename, lines: twin ? [twin.row.line, row.line] : [row.line] });
      continue;
    }
    const hash = await hashOf(bytes, path);
    if (hash instanceof Fault) unreadable.push({ file: row.filename, reason: hash.detail });
    const file = placeFor(row, sha256, taken);
    await mkdir(join(options.out, file, '..'), { recursive: true });
    await copyFile(path, join(options.out, file)).catch((error: unknown) =>
      Promise.reject(asFault(error, 'dataset-invalid', { source: file })),
    );
    const entry: ManifestEntry = {
      file,
      sha256,
      perceptualHash: hash instanceof Fault ? null : hash,
      patient: row.patient === '' ? `${from}/file ${sha256}` : `${from}/${row.patient}`,
      source: from,
      view: row.view,
      finding: row.finding,
      ...row.statements,
    };
    made.set(content, { entry, row });
  }
  const disputed = new Set(sameContent.flatMap(({ lines }) => lines));
  const entries = [...made.values()].filter(({ row }) => !disputed.has(row.line)).map(({ entry }) => entry);
  for (const { entry, row } of made.values()) if (disputed.has(row.line)) await rm(join(options.out, entry.file), { force: true });
  options.onProgress?.(chosen.length, chosen.length);
  return { entries, alreadyThere, sameContent, unreadable };
}

function labelRows(
  rows: readonly MetadataRow[],
  kind: LabelKind,
  { findings, views, metadata }: ImportOptions,
): { labelled: LabelledRow[]; withoutFinding: number[]; otherView: number } {
  const labelled: LabelledRow[] = [];
  const withoutFinding: number[] = [];
  let otherView = 0;
  const wanted = views?.map((view) => view.toLowerCase());
  for (const row of rows) {
    const statements = statementsOf(row, kind, metadata);
    const strange = [...(statements?.labels ?? []), ...(statements?.absent ?? [])].find((label) => findings && !findings.includes(label));
    if (strange !== undefined)
      throw new Fault(
        'dataset-invalid',
        `line ${row.line}: expected a finding of ${findings!.join(', ')}, found "${row.finding}" (${strange})`,
        { source: metadata },
      );
    if (statements === undefined) withoutFinding.push(row.line);
    else if (wanted && !wanted.includes(row.view.toLowerCase())) otherView++;
    else labelled.push({ ...row, statements });
  }
  return { labelled, withoutFinding, otherView };
}

/** What is present and absent, for comparison. */
function textOf({ labels, absent = [] }: RowStatements): string {
  return `${labels.join()}\u0000${absent.join()}`;
}

/** Several rows of one image must agree; where they do not, the label is unknown and the image is left out. */
function oneRowAnImage(rows: readonly LabelledRow[]): { chosen: LabelledRow[]; contradictions: { filename: string; lines: number[] }[] } {
  const byImage = new Map<string, LabelledRow[]>();
  for (const row of rows) byImage.set(row.filename, [...(byImage.get(row.filename) ?? []), row]);
  const agree = ([first, ...others]: readonly LabelledRow[]): boolean =>
    others.every(({ statements, patient }) => textOf(statements) === textOf(first!.statements) && patient === first!.patient);
  const groups = [...byImage.values()];
  return {
    chosen: groups.filter(agree).map(([first]) => first!),
    contradictions: groups
      .filter((group) => !agree(group))
      .map((group) => ({ filename: group[0]!.filename, lines: group.map(({ line }) => line) })),
  };
}

/** `covid-19/name.jpg`; several findings are joined by `+`. A name that is taken gets the beginning of its checksum in front. */
function placeFor({ statements: { labels, absent }, filename }: LabelledRow, sha256: string, taken: Set<string>): string {
  const folder = labels.join('+') || (absent && !absent.includes('abnormal') ? 'absent-or-unknown' : 'no-finding');
  // a folder name has at most 255 bytes; fourteen findings joined have more
  const short = folder.length <= 120 ? folder : `${folder.slice(0, 100)}+${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`;
  const name = basename(filename);
  const file =
    [`${short}/${name}`, `${short}/${sha256.slice(0, 12)}-${name}`].find((one) => !taken.has(one.toLowerCase())) ??
    `${short}/${sha256}${extname(name)}`;
  taken.add(file.toLowerCase());
  return file;
}

/** Relative paths with `/`; hidden files are left out. */
async function listFiles(directory: string): Promise<ReadonlySet<string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch((error: unknown) =>
    Promise.reject(asFault(error, 'dataset-invalid', { source: directory })),
  );
  return new Set(
    entries
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
      .map((entry) =>
        relative(directory, join(entry.parentPath ?? entry.path, entry.name))
          .split(sep)
          .join('/'),
      ),
  );
}

async function readOr(path: string): Promise<Buffer> {
  return readFile(path).catch((error: unknown) => Promise.reject(asFault(error, 'dataset-invalid', { source: path })));
}

async function hashOf(bytes: Uint8Array, path: string): Promise<string | Fault> {
  try {
    return perceptualHash(await readExamplePicture(bytes, path));
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}
