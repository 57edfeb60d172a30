import { chestAttenuation } from './attenuation.js';
import { expose, type Exposure } from './detector.js';
import type { Grid } from './grid.js';
import type { Opacity } from './opacity.js';
import { magnification, type View } from './slices.js';

export interface ChestPhantomOptions {
  readonly seed: string;
  readonly sex?: 'F' | 'M';
  readonly view?: View;
  readonly opacities?: readonly Opacity[];
  readonly rows: number;
  readonly columns: number;
  readonly bitsStored?: Exposure['bitsStored'];
  readonly photometricInterpretation?: Exposure['photometricInterpretation'];
  /** "L" or "R" in lead on the side of the picture, as radiographers put it. */
  readonly marker?: boolean;
}

/** Stored pixels of a picture, row-major, unsigned, 16 bits allocated. */
export interface StoredPixels {
  readonly rows: number;
  readonly columns: number;
  readonly bitsStored: number;
  readonly photometricInterpretation: 'MONOCHROME1' | 'MONOCHROME2';
  /** Of the detector. */
  readonly mmPerPixel: number;
  readonly values: Uint16Array;
}

/** Bones and vessels are computed on no finer a grid than this; the detector adds the rest. */
const finestColumns = 1024;

/** A synthetic chest radiograph, PA or left lateral. The same options give the same pixels. */
export function chestPhantom(options: ChestPhantomOptions): StoredPixels {
  const { seed, sex = 'M', view = 'frontal', rows, columns, bitsStored = 12, photometricInterpretation = 'MONOCHROME2' } = options;
  const width = Math.min(columns, finestColumns),
    height = Math.round((rows * width) / columns);
  const fieldMm = view === 'frontal' ? Math.max(352, (352 * columns) / rows) : Math.max(330, (350 * columns) / rows);
  const attenuation = chestAttenuation({ seed, sex }, view, options.opacities ?? [], { width, height, fieldMm });
  if (options.marker !== false) leadLetter(attenuation);
  const values = expose(attenuation, {
    rows,
    columns,
    bitsStored,
    photometricInterpretation,
    seed,
    ...(view === 'lateral' ? { middle: 3.1, latitude: 0.72 } : {}),
  });
  return {
    rows,
    columns,
    bitsStored,
    photometricInterpretation,
    mmPerPixel: (fieldMm / columns / magnification(0)) * magnification(-130),
    values,
  };
}

/** An "L" of lead in the upper corner over the patient's left shoulder. */
function leadLetter(grid: Grid): void {
  const stroke = (left: number, top: number, width: number, height: number) => {
    const right = grid.left + grid.width * grid.mmPerPixel;
    for (let row = 0; row < grid.height; row++) {
      const y = row * grid.mmPerPixel;
      if (y < top || y > top + height) continue;
      for (let column = 0; column < grid.width; column++) {
        const x = right - (grid.left + column * grid.mmPerPixel);
        if (x <= left && x >= left - width) grid.values[row * grid.width + column]! += 3;
      }
    }
  };
  stroke(26, 14, 2.6, 15);
  stroke(26, 26.4, 10, 2.6);
}
