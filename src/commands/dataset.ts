import { mkdir, writeFile } from 'node:fs/promises';
import { pluralise } from '../evaluation/pluralise.js';
import { join } from 'node:path';
import { Fault } from '../errors.js';
import { fastaiTransforms, noTransforms } from '../dataset/augmentation.js';
import { contactSheetPage, drawContactSheet } from '../dataset/contact-sheet.js';
import { importDataset, type ImportReport } from '../dataset/import-dataset.js';
import { openDatasetFolder } from '../dataset/manifest.js';
import { metadataColumns } from '../dataset/metadata-csv.js';
import { PictureCache } from '../dataset/picture-cache.js';
import { keyedRandom, shuffled } from '../lib/seeded-random.js';
import { greyTrainingPicture } from '../dataset/training-picture.js';
import { verifyDataset } from '../dataset/verify-dataset.js';
import { progressLine } from './progress-line.js';
import { wholeNumberOption } from './number-options.js';

interface ImportCommand {
  readonly metadata: string;
  readonly images: string;
  readonly out: string;
  readonly kind?: string;
  readonly source?: string;
  readonly findings?: string;
  readonly views?: string;
  readonly column: readonly string[];
  readonly json: boolean;
}

/** `dataset import`: a list of images and findings becomes a data set. */
export async function importCommand({ metadata, images, out, kind, source, findings, views, column, json }: ImportCommand): Promise<void> {
  if (kind !== undefined && kind !== 'one-of-many' && kind !== 'several')
    throw new Fault('request-invalid', `expected --kind one-of-many or several, found ${kind}`);
  const progress = progressLine('importing', json);
  const report = await importDataset({
    metadata,
    images,
    out,
    kind,
    source,
    findings: listOf(findings),
    views: listOf(views),
    columns: columnsOf(column),
    onProgress: progress.tell,
  });
  progress.end();
  console.log(json ? JSON.stringify(report) : describeImport(report, out));
}

function describeImport(report: ImportReport, out: string): string {
  const some = (names: readonly string[]): string =>
    names
      .slice(0, 10)
      .map((name) => `\n    ${name}`)
      .join('') + (names.length > 10 ? `\n    and ${names.length - 10} more` : '');
  const lines = [
    `${pluralise(report.imported, 'image')} imported into ${out}${report.alreadyThere ? `, ${report.alreadyThere} were there already` : ''}; ${pluralise(report.patients, 'patient')}; ${report.kind}`,
    ...Object.entries(report.classes).map(([name, count]) => `  ${String(count).padStart(6)}  ${name}`),
    report.rowsWithoutImage.length &&
      `rows without image: ${report.rowsWithoutImage.length}${some(report.rowsWithoutImage.map(({ line, filename }) => `line ${line}: ${filename}`))}`,
    report.imagesWithoutRow.length && `images without row: ${report.imagesWithoutRow.length}${some(report.imagesWithoutRow)}`,
    report.rowsWithoutFinding.length &&
      `rows without a finding: ${report.rowsWithoutFinding.length} (lines ${report.rowsWithoutFinding.slice(0, 20).join(', ')})`,
    report.otherView && `rows of another view: ${report.otherView}`,
    report.contradictions.length &&
      `images whose rows contradict each other, left out: ${report.contradictions.length}${some(report.contradictions.map(({ filename, lines: of }) => `${filename} (lines ${of.join(', ')})`))}`,
    report.unreadable.length &&
      `cannot be read, never trained on: ${report.unreadable.length}${some(report.unreadable.map(({ file, reason }) => `${file}: ${reason}`))}`,
    report.withoutPatient && `images that name no patient, each taken for a patient of its own: ${report.withoutPatient}`,
    report.strayLines.length &&
      `rows with more or fewer cells than the heading: ${report.strayLines.length} (lines ${report.strayLines.slice(0, 20).join(', ')})`,
    report.encoding !== 'utf-8' && `read as ${report.encoding}: the file is not UTF-8`,
  ];
  return lines.filter((line) => typeof line === 'string').join('\n');
}

/** `dataset verify`: decodes everything, changes nothing. The exit status is 0 only if nothing is broken. */
export async function verifyCommand(options: {
  readonly dataset: string;
  readonly repairInto?: string;
  readonly maxSize?: string;
  readonly size: string;
  readonly json: boolean;
}): Promise<void> {
  const progress = progressLine('decoding', options.json);
  const maxSize = options.maxSize === undefined ? undefined : wholeNumberOption('--max-size', options.maxSize, 32, 65_536);
  const report = await verifyDataset({
    directory: options.dataset,
    repairInto: options.repairInto,
    maxSize,
    cache: cacheOf(options.dataset, options.size),
    onProgress: progress.tell,
  });
  progress.end();
  if (options.json) console.log(JSON.stringify(report));
  else {
    for (const { file, reason } of report.broken) console.log(`${file}: ${reason}`);
    console.log(
      `${report.images} images, ${report.broken.length} broken${options.repairInto === undefined ? '' : `; ${report.repaired} written to ${options.repairInto}`}`,
    );
  }
  if (report.broken.length > 0) process.exitCode = 1;
}

/** `dataset show`: a batch as the network will see it, as PNG and as a page. */
export async function showCommand(options: {
  readonly dataset: string;
  readonly out: string;
  readonly count: string;
  readonly size: string;
  readonly seed: string;
  readonly plain: boolean;
  readonly flip: boolean;
}): Promise<void> {
  const source = await openDatasetFolder(options.dataset);
  const count = wholeNumberOption('--count', options.count, 1, 400);
  const seed = wholeNumberOption('--seed', options.seed, 0, 2 ** 31);
  const size = wholeNumberOption('--size', options.size, 16, 1024);
  const cache = cacheOf(options.dataset, options.size);
  const chosen = shuffled(source.examples, keyedRandom('show', seed).next).slice(0, count);
  const unreadable = await cache.fill(source, chosen);
  const settings = options.plain ? noTransforms : { ...fastaiTransforms, flip: options.flip ? 0.5 : 0 };
  const pictures = chosen
    .filter(({ key }) => !unreadable.has(key))
    .map((example, position) => ({
      width: size,
      height: size,
      values: greyTrainingPicture({
        file: cache.fileOf(example.key),
        sourceWidth: cache.width,
        sourceHeight: cache.height,
        input: { width: size, height: size, channels: 1, normalization: 'per-image' },
        settings,
        seed,
        epoch: 0,
        position,
      }),
      caption: example.labels.join(', ') || 'no finding',
    }));
  if (pictures.length === 0)
    throw new Fault('dataset-invalid', 'expected images that can be read, found none', { source: options.dataset });
  await mkdir(options.out, { recursive: true });
  const files = [join(options.out, 'batch.png'), join(options.out, 'batch.html')] as const;
  await writeFile(files[0], await drawContactSheet(pictures, Math.ceil(Math.sqrt(pictures.length))));
  await writeFile(
    files[1],
    await contactSheetPage(
      pictures,
      `${pictures.length} of ${source.examples.length} images, ${options.plain ? 'as validation sees them' : 'as training sees them'}`,
    ),
  );
  console.log(files.join('\n'));
}

/** Where the pictures of a data set lie in the size that training reads them in. */
function cacheOf(dataset: string, size: string): PictureCache {
  const side = wholeNumberOption('--size', size, 16, 1024);
  return new PictureCache(join(dataset, '.cache'), { width: side, height: side });
}

export function listOf(text: string | undefined): readonly string[] | undefined {
  return text
    ?.split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

function columnsOf(pairs: readonly string[]): Readonly<Record<string, string>> {
  const names: readonly string[] = metadataColumns;
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, name, heading] = /^(\w+)=(.+)$/.exec(pair) ?? [];
      if (name === undefined || heading === undefined || !names.includes(name))
        throw new Fault('request-invalid', `expected --column NAME=HEADING with a NAME of ${names.join(', ')}, found ${pair}`);
      return [name, heading];
    }),
  );
}
