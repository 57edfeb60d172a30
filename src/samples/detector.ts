import { blurred, resized, type Grid } from './grid.js';
import { gaussian, textSeeded } from '../lib/seeded-random.js';

export interface Exposure {
  readonly rows: number;
  readonly columns: number;
  readonly bitsStored: 10 | 12 | 14 | 16;
  readonly photometricInterpretation: 'MONOCHROME1' | 'MONOCHROME2';
  /** Quanta per pixel of the finest grid in air; fewer are noisier. */
  readonly quanta?: number;
  /** Of the film curve: total attenuation that becomes middle grey, and how many steps of it from dark to bright. */
  readonly middle?: number;
  readonly latitude?: number;
  readonly seed: string;
}

/**
 * What a digital detector and its processing make of an attenuation map: Beer–Lambert, scatter, focal spot and
 * detector blur, film curve with a gentle equalization, quantum noise. Stored values, row-major, 16 bits allocated.
 */
export function expose(attenuation: Grid, exposure: Exposure): Uint16Array {
  const { rows, columns, bitsStored, middle = 2.4, latitude = 0.74 } = exposure;
  const primary: Grid = { ...attenuation, values: attenuation.values.map((value) => Math.exp(-value)) };
  // Through a grid about a third of what arrives behind the mediastinum is scatter, less behind the lungs.
  const scatter = blurred(primary, 35).values;
  const sharp = blurred(primary, 0.22).values;
  const signal: Grid = { ...attenuation, values: sharp.map((value, index) => -Math.log(value + 0.028 * scatter[index]! + 0.0012)) };
  const wide = blurred(signal, 22).values,
    near = blurred(signal, 2.2).values;
  const shown: Grid = {
    ...signal,
    // Large differences compressed, edges a little enhanced, as every DR console does.
    values: signal.values.map((value, index) => value - 0.36 * (wide[index]! - middle) + 0.35 * (value - near[index]!)),
  };
  const quanta = exposure.quanta ?? 9000;
  // −log of a Poisson number deviates by 1/√N.
  const deviation = resized({ ...signal, values: signal.values.map((value) => Math.sqrt(Math.exp(value) / quanta)) }, columns, rows).values;
  const full = resized(shown, columns, rows).values;
  const noise = noiseTable(exposure.seed);
  const max = 2 ** bitsStored - 1;
  const inverted = exposure.photometricInterpretation === 'MONOCHROME1';
  const stored = new Uint16Array(rows * columns);
  let place = 0,
    before = 0;
  for (let row = 0, index = 0; row < rows; row++) {
    place = (place * 25173 + 13849) & 0xffff;
    for (let column = 0; column < columns; column++, index++) {
      const fresh = noise[(place + column) & 0xffff]!;
      // Neighbouring pixels share light in the scintillator.
      const seen = full[index]! + (0.75 * fresh + 0.35 * before) * deviation[index]!;
      before = fresh;
      const bright = 1 / (1 + Math.exp((middle - seen) / latitude));
      const value = (max * (0.015 + 0.965 * bright) + 0.5) | 0;
      stored[index] = inverted ? max - value : value;
    }
  }
  return stored;
}

/** Normal deviates, drawn once: five million draws a picture would be its slowest part. */
function noiseTable(seed: string): Float32Array {
  const random = textSeeded(`noise ${seed}`);
  return Float32Array.from({ length: 65536 }, () => gaussian(random));
}
