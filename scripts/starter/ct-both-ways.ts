import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { readPart10 } from '../../src/dicom/part10.js';
import { startEngine } from '../../src/engine/start-engine.js';
import { Fault } from '../../src/errors.js';
import { assessImage } from '../../src/evaluation/decide-findings.js';
import { silentLog } from '../../src/log.js';
import { hounsfieldUnits } from '../../src/pixels/ct/ct-slice.js';
import { lungBox, lungFraction, minLungFraction } from '../../src/pixels/ct/lung.js';
import { cutToLungs } from '../../src/pixels/ct/picture-lungs.js';
import { cropped, type GreyImage } from '../../src/pixels/image.js';
import { networkInput } from '../../src/pixels/network-input.js';
import { readPicture } from '../../src/pixels/picture.js';
import { windowMapping, type CtWindow } from '../../src/pixels/window.js';
import { loadModelVersion } from '../../src/registry/model-version.js';
import { ctPhantom } from '../../src/samples/ct-phantom.js';

/**
 * `node dist/scripts/starter/ct-both-ways.js MODEL [DICOM]`: the same slices as a scanner gives them (Hounsfield units, cut to the
 * lungs, the network's window) and as papers publish them (the whole slice through some window, JPEG of 384 pixels). Prints how far
 * inputs and probabilities differ, with and without the cut to the lungs.
 */

/** Windows in which lungs are published. */
const windows: readonly CtWindow[] = [
  { center: -600, width: 1500 },
  { center: -500, width: 1200 },
  { center: -700, width: 1800 },
  { center: -400, width: 1000 },
];
const lungMargin = 0.06;

interface Slice {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly hu: Float32Array;
}

const phantoms: readonly Slice[] = (['M', 'F'] as const).flatMap((sex) =>
  [0, 1].flatMap((index) => {
    const { slices, size } = ctPhantom({ seed: `both ways ${sex} ${index}`, sex, slices: 8, size: 320 });
    return slices.map(
      ({ hu }, place): Slice => ({ name: `phantom ${sex}${index} ${place}`, width: size, height: size, hu: Float32Array.from(hu) }),
    );
  }),
);

async function dicomSlices(folder: string): Promise<readonly Slice[]> {
  const slices: Slice[] = [];
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    try {
      const file = readPart10(readFileSync(join(folder, name)));
      if (file.dataSet['Modality'] !== 'CT') continue;
      const { hu, width, height } = await hounsfieldUnits(file, 1);
      slices.push({ name, width, height, hu: Float32Array.from(hu) });
    } catch (error) {
      if (!(error instanceof Fault) && !(error as NodeJS.ErrnoException).code) throw error;
    }
  }
  return slices;
}

const pictureOf = ({ hu, width, height }: Slice, window: CtWindow): GreyImage => ({
  width,
  height,
  pixelAspect: 1,
  values: hu.map(windowMapping(window)),
});

async function published(slice: Slice, window: CtWindow): Promise<GreyImage> {
  const { width, height, values } = pictureOf(slice, window);
  const bytes = Buffer.from(Uint8Array.from(values, (value) => Math.round(value * 255)));
  return readPicture(
    await sharp(bytes, { raw: { width, height, channels: 1 } })
      .resize(384, 384, { fit: 'inside' })
      .jpeg({ quality: 85 })
      .toBuffer(),
  );
}

const [, , modelFolder, dicom] = process.argv;
const model = await loadModelVersion(modelFolder ?? 'models/starter');
const served = model.networks.ct!;
const engine = await startEngine({ prefer: 'onnx-cpu', log: silentLog });
const predictor = await engine.load(served.network);
const own: CtWindow = served.input.window ?? windows[0]!;

async function predicted(image: GreyImage): Promise<{ readonly input: Float32Array; readonly probability: number }> {
  const { channels, height, width } = served.input;
  const input = networkInput(image, served.input);
  const { findings } = assessImage(await predictor.predict({ data: input, batch: 1, channels, height, width }), 0, served);
  return { input, probability: findings[0]!.probability };
}

const correlation = (one: Float32Array, other: Float32Array): number => {
  const mean = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [a, b] = [mean(one), mean(other)];
  let [ab, aa, bb] = [0, 0, 0];
  one.forEach((value, i) => {
    ab += (value - a) * (other[i]! - b);
    aa += (value - a) ** 2;
    bb += (other[i]! - b) ** 2;
  });
  return ab / Math.sqrt(aa * bb);
};
const median = (values: readonly number[]): number => [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)]!;

for (const [what, all] of [
  ['phantoms', phantoms],
  ['DICOM files', dicom ? await dicomSlices(dicom) : []],
] as const) {
  const slices = all.filter((slice) => lungFraction(slice) >= minLungFraction);
  console.log(`${what}: ${slices.length} slices with lung`);
  for (const window of windows) {
    const rows: { readonly cut: boolean; readonly input: number; readonly probability: number }[] = [];
    for (const slice of slices) {
      const reference = await predicted(cropped(pictureOf(slice, own), lungBox(slice, lungMargin)!));
      const picture = await published(slice, window);
      for (const cut of [false, true]) {
        const found = await predicted(cut ? cutToLungs(picture) : picture);
        rows.push({
          cut,
          input: correlation(reference.input, found.input),
          probability: Math.abs(reference.probability - found.probability),
        });
      }
    }
    const line = (cut: boolean): string => {
      const chosen = rows.filter((row) => row.cut === cut);
      return chosen.length === 0
        ? '–'
        : `input correlation ${median(chosen.map(({ input }) => input)).toFixed(2)} (least ${Math.min(...chosen.map(({ input }) => input)).toFixed(2)}), probability differs by ${median(chosen.map(({ probability }) => probability)).toFixed(2)} (most ${Math.max(...chosen.map(({ probability }) => probability)).toFixed(2)})`;
    };
    console.log(`  window ${window.center}/${window.width}: whole picture ${line(false)}; cut to the lungs ${line(true)}`);
  }
}
await predictor.release();
await engine.close();
