import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { decodeText, parseCells } from '../../src/dataset/csv-cells.js';
import { radiographFile } from '../../src/samples/radiograph-file.js';
import type { RadiographIndex } from '../../src/samples/radiographs.js';

/**
 * `npm run demo-radiographs -- --data DATA`: makes radiographs/ from the published sets in DATA.
 *
 * Which ones, decided before any model saw them. NIH ChestX-ray14: of `testPatients` (patients of the locked test set of the starter of
 * November 2026, which no starter was trained on), adults, by image number: the first image of each of the first three patients that
 * RSNA's radiologists read as normal (NIH's text mining labels all of them otherwise), then of the first two other patients that the
 * radiologists read as lung opacity. Hannover: the first image of each of the first two patients that are not in another set too.
 */
const { values: options } = parseArgs({ options: { data: { type: 'string' }, out: { type: 'string', default: 'radiographs' } } });
if (options.data === undefined) throw new Error('expected --data');
const { data, out } = { data: options.data, out: options.out };

type Row = Readonly<Record<string, string>>;
type Entry = RadiographIndex['radiographs'][number];

const attributions = {
  nih: {
    text: 'NIH Clinical Center, ChestX-ray14 (Wang et al., CVPR 2017)',
    licence: 'no restrictions on use; NIH asks for attribution',
  },
  hannover: {
    text: 'Winther et al., COVID-19 Image Repository, Hannover Medical School, doi:10.25835/0090041',
    licence: 'CC BY 3.0',
  },
} as const;

async function rowsOf(file: string): Promise<readonly Row[]> {
  const [heading, ...rows] = parseCells(decodeText(await readFile(file)).text, file);
  return rows.map(({ cells }) => Object.fromEntries(heading!.cells.map((name, index) => [name, cells[index] ?? ''])));
}

/** At most `count` rows of different patients, in the order of image names. */
function firstOfPatients(rows: readonly Row[], count: number, apart: readonly Row[] = []): readonly Row[] {
  const seen = new Set(apart.map((row) => row['Patientid']));
  const sorted = [...rows].sort((one, other) => (one['filename']! < other['filename']! ? -1 : 1));
  return sorted.filter((row) => !seen.has(row['Patientid']) && seen.add(row['Patientid'])).slice(0, count);
}

async function pixelsOf(file: string): Promise<{ rows: number; columns: number; values: Uint8Array }> {
  const { data: values, info } = await sharp(file).grayscale().raw().toBuffer({ resolveWithObject: true });
  return { rows: info.height, columns: info.width, values: new Uint8Array(values) };
}

const testPatients = new Set(
  (await readFile(new URL('../../../scripts/demo/test-patients.txt', import.meta.url), 'utf8')).split(/\s+/).filter(Boolean),
);
const official = (await rowsOf(join(data, 'nih-official-labels', 'labels.csv'))).filter(
  (row) => testPatients.has(row['Patientid']!) && Number(row['age']) >= 18,
);
const healthy = firstOfPatients(
  official.filter((row) => row['rsna_class'] === 'Normal'),
  3,
);
const opacity = firstOfPatients(
  official.filter((row) => row['rsna_class'] === 'Lung Opacity'),
  2,
  healthy,
);
const details = new Map((await rowsOf(join(data, 'hannover-mhh', 'details.csv'))).map((row) => [row['filename'], row]));
const covid = (await rowsOf(join(data, 'hannover-mhh', 'metadata.csv'))).filter(
  (row) => row['finding'] === 'COVID-19' && row['near_dup_of'] === '',
);

const radiographs: Entry[] = [];
await mkdir(out, { recursive: true });

async function add(
  row: Row,
  set: string,
  kind: 'nih' | 'hannover',
  { title, findings, isHealthy }: { title: string; findings: readonly string[]; isHealthy: boolean },
): Promise<void> {
  const { text, licence } = attributions[kind];
  const image = row['filename']!;
  const number = image.replace(/\.\w+$/, '');
  const detail = details.get(image);
  const sex = (row['sex'] ?? detail?.['sex'] ?? '').toUpperCase();
  const age = Number(row['age'] ?? detail?.['age'] ?? '');
  const file = `${kind}-${number.replaceAll('_', '-')}.dcm`;
  const bytes = radiographFile({
    image,
    ...(await pixelsOf(join(data, set, 'images', image))),
    patientName: `${kind.toUpperCase()}^IMAGE ${number}`,
    patientID: `${kind.toUpperCase()}-${number}`,
    sex: sex === 'F' || sex === 'M' ? sex : 'O',
    age: age > 0 ? age : undefined,
    view: row['view'] === 'AP' ? 'AP' : 'PA',
    attribution: `${text}. ${licence}`,
  });
  await writeFile(join(out, file), bytes);
  radiographs.push({ file, title, findings: [...findings], healthy: isHealthy, patient: `${set}/${row['Patientid']!}`, image, licence });
}

for (const row of healthy)
  await add(row, row['set']!, 'nih', { title: `chest ${row['view']!} (NIH), radiologists: normal`, findings: [], isHealthy: true });
for (const row of opacity)
  await add(row, row['set']!, 'nih', {
    title: `chest ${row['view']!} (NIH), radiologists: lung opacity`,
    findings: ['opacity'],
    isHealthy: false,
  });
for (const row of firstOfPatients(covid, 2))
  await add(row, 'hannover-mhh', 'hannover', {
    title: `chest ${row['view']!} (Hannover), COVID-19`,
    findings: ['covid-19'],
    isHealthy: false,
  });

const index: RadiographIndex = {
  chosen:
    'By image number among adults of the locked test set of November 2026: the first three NIH patients that RSNA’s radiologists read as normal, the first two others that they read as lung opacity; the first two Hannover patients with an image that is in no other set.',
  radiographs,
};
await writeFile(join(out, 'index.json'), `${JSON.stringify(index, undefined, 1)}\n`);
console.log(`${out}: ${radiographs.length} radiographs`);
