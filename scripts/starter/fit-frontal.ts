import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCells, decodeText } from '../../src/dataset/csv-cells.js';
import { lookAlikes, makeLookAlike } from '../../src/dataset/look-alikes.js';
import { readMetadataCsv } from '../../src/dataset/metadata-csv.js';
import { readExamplePicture } from '../../src/dataset/read-picture.js';
import { fitFrontalRule, linearProbability, type FrontalExample, type LinearRule } from '../../src/evaluation/frontal-fit.js';
import { keyedRandom, shuffled, type Draws } from '../../src/lib/seeded-random.js';
import { frontalFeatures } from '../../src/pixels/xray/frontal-features.js';
import type { GreyImage } from '../../src/pixels/image.js';
import { handPhantom } from '../../src/samples/hand-phantom.js';
import { resizeBilinear } from '../../src/pixels/resize.js';

/**
 * `node dist/scripts/starter/fit-frontal.js DATA`: fits the check for frontal chests on the published sets, leaving out one after the
 * other, and writes src/pixels/xray/frontal-rule.ts and docs/reference/guard-figures.json.
 */

const perSet = 140;
const lookAlikesPerSet = 48;

/** Sets that share images or a hospital: they are left out together with each other. */
const families: readonly (readonly string[])[] = [
  ['nih-chest-xray-sample', 'nih-mixed-findings', 'covid-radiography-normal'],
  ['covid-radiography-covid', 'covid-chestxray-2020-03-15', 'covid-chestxray-2020-06', 'covid-cxnet', 'hannover-mhh'],
];
const children = 'kermany-paediatric';

interface Row extends FrontalExample {
  /** The set that the picture, or the chest that it is made of, is from. */
  readonly set: string;
  readonly test: boolean;
}

/** Chests as other hospitals show them: with borders, cropped, shifted, in other proportions. */
function otherwise(image: GreyImage, draws: Draws): GreyImage {
  const side = 160;
  const { values } = resizeBilinear(image, side, side);
  const border = draws.next() < 0.5 ? draws.next() * 0.2 : 0;
  const ground = draws.next() < 0.5 ? 0 : draws.next();
  const [zoomX, zoomY] = [0.85 + draws.next() * 0.35, 0.85 + draws.next() * 0.35];
  const [shiftX, shiftY] = [(draws.next() - 0.5) * 0.12, (draws.next() - 0.5) * 0.12];
  const gamma = Math.exp((draws.next() - 0.5) * 1.6);
  const at = (place: number, zoom: number, shift: number): number =>
    Math.min(side - 1, Math.max(0, Math.round(((place / side - 0.5) * zoom + 0.5 + shift) * side)));
  return {
    width: side,
    height: side,
    pixelAspect: 1,
    values: Float32Array.from({ length: side * side }, (_, i) => {
      const [x, y] = [i % side, Math.floor(i / side)];
      if (Math.min(x, y, side - 1 - x, side - 1 - y) < border * side) return ground;
      return values[at(y, zoomY, shiftY) * side + at(x, zoomX, shiftX)]! ** gamma;
    }),
  };
}

/** A chest in a window of a workstation, with a title bar and a list at one side. */
function onScreen(chest: GreyImage, draws: Draws): GreyImage {
  const [width, height] = [320, 200];
  const side = Math.round(height * (0.55 + 0.35 * draws.next()));
  const { values } = resizeBilinear(chest, side, side);
  const [left, top] = [Math.floor(draws.next() * (width - side)), Math.floor((height - side) * (0.4 + 0.6 * draws.next()))];
  const [ground, bar, list] = [0.05 + 0.3 * draws.next(), draws.next(), width * (0.65 + 0.2 * draws.next())];
  return {
    width,
    height,
    pixelAspect: 1,
    values: Float32Array.from({ length: width * height }, (_, i) => {
      const [x, y] = [i % width, Math.floor(i / width)];
      if (x >= left && x < left + side && y >= top && y < top + side) return values[(y - top) * side + x - left]!;
      if (y < height * 0.08) return bar;
      return x > list ? (y % 12 < 6 && x % 5 < 3 ? 0.8 : 0.2) : ground;
    }),
  };
}

/** Hands of phantoms: no published hand is among the data. */
function hands(count: number): readonly GreyImage[] {
  return Array.from({ length: count }, (_, index) => {
    const { values, rows, columns } = handPhantom({ seed: `fit ${index}`, rows: 240, columns: 192 });
    const most = values.reduce((largest, value) => Math.max(largest, value), 0);
    return { width: columns, height: rows, pixelAspect: 1, values: Float32Array.from(values, (value) => value / most) };
  });
}

async function rowsOf(data: string): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const add = (image: GreyImage, row: Omit<Row, 'features' | 'decides'>): void => {
    const measured = frontalFeatures(image);
    if (measured)
      rows.push({ ...row, features: measured.values, decides: row.chest && row.set !== children && !row.source.endsWith('changed') });
  };
  const sets = readdirSync(data).filter((set) => existsSync(join(data, set, 'metadata.csv')));
  for (const set of sets.sort()) {
    const file = join(data, set, 'metadata.csv');
    const list = readMetadataCsv(readFileSync(file), file).rows.filter(({ filename }) => existsSync(join(data, set, 'images', filename)));
    const isChest = (view: string): boolean => !set.includes('-ct-') && !/^(l|ct|axial)/i.test(view);
    const chests: GreyImage[] = [];
    const drawn = shuffled([...new Map(list.map((row) => [row.filename, row])).values()], keyedRandom('frontal', set).next).slice(
      0,
      perSet,
    );
    for (const [index, { filename, view }] of drawn.entries()) {
      const path = join(data, set, 'images', filename);
      const image = await readExamplePicture(readFileSync(path), path).catch(() => undefined);
      if (!image) continue;
      const chest = isChest(view);
      add(image, {
        set,
        chest,
        source: chest ? set : set.includes('-ct-') ? set : /^l/i.test(view) ? 'lateral' : 'slice',
        test: index % 2 === 1,
      });
      if (!chest) continue;
      const small = resizeBilinear(image, 160, 160);
      chests.push(small);
      if (index % 2 === 0)
        add(otherwise(small, keyedRandom('otherwise', set, index)), { set, chest, source: `${set} changed`, test: false });
    }
    for (let index = 0; index < Math.min(lookAlikesPerSet, chests.length); index++) {
      const how = lookAlikes[index % lookAlikes.length]!;
      const other = chests[(index + 1) % chests.length]!;
      add(makeLookAlike(how, chests[index]!, other, keyedRandom('look-alike', set, index)), {
        set,
        chest: false,
        source: how,
        test: Math.floor(index / lookAlikes.length) % 2 === 1,
      });
    }
    for (let index = 0; index < Math.min(8, chests.length); index++)
      add(onScreen(chests[index]!, keyedRandom('screen', set, index)), { set, chest: false, source: 'on a screen', test: index % 2 === 1 });
    console.log(`${set}: ${rows.length} rows`);
  }
  hands(48).forEach((image, index) => add(image, { set: 'phantoms', chest: false, source: 'hand', test: index % 2 === 1 }));
  await addOtherBodies(data, add);
  return rows;
}

async function addOtherBodies(data: string, add: (image: GreyImage, row: Omit<Row, 'features' | 'decides'>) => void): Promise<void> {
  const index = join(data, 'dicom', 'index.csv');
  const [heading, ...lines] = parseCells(decodeText(readFileSync(index)).text, index);
  const place = (name: string): number => heading!.cells.indexOf(name);
  for (const [line, { cells }] of lines.entries()) {
    if (cells[place('chest')] === 'yes' || !(Number(cells[place('rows')]) >= 32)) continue;
    const path = join(data, 'dicom', cells[place('path')]!);
    const image = await readExamplePicture(readFileSync(path), path).catch(() => undefined);
    if (image) add(image, { set: 'dicom', chest: false, source: 'other bodies', test: line % 2 === 1 });
  }
}

const share = (rows: readonly Row[], rule: LinearRule): number =>
  rows.filter(({ features }) => linearProbability(features, rule) >= rule.acceptFrom).length / rows.length;
const rounded = (value: number): number => Math.round(value * 1000) / 1000;

const [, , data] = process.argv;
if (!data) throw new Error('expected the folder of the published sets');
const rows = await rowsOf(data);
const sources = [...new Set(rows.flatMap(({ chest, set }) => (chest ? [set] : [])))];
const others = [...new Set(rows.flatMap(({ chest, source }) => (chest ? [] : [source])))];
const leftOut = sources.map((set) => {
  const of = (out: readonly string[]) => fitFrontalRule(rows.filter((row) => !out.includes(row.set) && (row.chest || !row.test)));
  const [alone, family] = [of([set]), of(families.find((one) => one.includes(set)) ?? [set])];
  const own = rows.filter((row) => row.chest && row.source === set);
  return {
    source: set,
    n: own.length,
    refused: rounded(1 - share(own, alone)),
    refusedWithoutFamily: rounded(1 - share(own, family)),
    accepted: Object.fromEntries(
      others.map((what) => [
        what,
        rounded(
          share(
            rows.filter((row) => !row.chest && row.source === what && row.test),
            alone,
          ),
        ),
      ]),
    ),
  };
});
const rule = fitFrontalRule(rows);
writeFileSync(
  'src/pixels/xray/frontal-rule.ts',
  `/**
 * How the measurements of frontal-features.ts tell a frontal chest radiograph: the probability is
 * \`σ(Σ weights · measurement + bias)\`. Written by scripts/starter/fit-frontal.ts; figures: docs/reference/guard.md.
 */
export const frontalRule = ${JSON.stringify(rule, undefined, 2)} as const;
`,
);
writeFileSync(
  'docs/reference/guard-figures.json',
  `${JSON.stringify(
    {
      rule: rule.acceptFrom,
      leftOut,
      all: Object.fromEntries(
        sources.map((set) => [
          set,
          rounded(
            1 -
              share(
                rows.filter((row) => row.chest && row.source === set),
                rule,
              ),
          ),
        ]),
      ),
      changed: Object.fromEntries(
        sources.map((set) => [
          set,
          rounded(
            1 -
              share(
                rows.filter((row) => row.source === `${set} changed`),
                rule,
              ),
          ),
        ]),
      ),
      accepted: Object.fromEntries(
        others.map((what) => [
          what,
          rounded(
            share(
              rows.filter((row) => !row.chest && row.source === what),
              rule,
            ),
          ),
        ]),
      ),
    },
    undefined,
    1,
  )}\n`,
);
console.log(readFileSync('docs/reference/guard-figures.json', 'utf8'));
