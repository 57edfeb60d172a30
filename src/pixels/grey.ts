import { Fault } from '../errors.js';
import { numbersOf } from '../dicom/data-set.js';
import type { DataSet } from '../dicom/data-set.js';
import type { Samples, StoredFrame, StoredFrames } from './stored-frames.js';

/**
 * One channel of a frame: monochrome as it is; of colour the luminance of Rec. 601 (PS3.3 §C.7.6.3.1.2), in the range of
 * the samples. Palettes are looked up first.
 * @throws Fault dicom-attribute for a photometric interpretation that has no luminance here
 */
export function greySamples(stored: StoredFrames, frame: StoredFrame, dataSet: DataSet): { samples: Samples; colour: boolean; bits: number } {
  const { samples } = frame;
  const { samplesPerPixel, bitsStored } = stored.format;
  switch (stored.photometricInterpretation) {
    case 'MONOCHROME1':
    case 'MONOCHROME2':
      if (samplesPerPixel === 1) return { samples, colour: false, bits: bitsStored };
      break;
    case 'RGB':
      if (samplesPerPixel === 3) return { samples: luminance(samples), colour: true, bits: bitsStored };
      break;
    case 'YBR_FULL':
    case 'YBR_PARTIAL_422':
    case 'YBR_PARTIAL_420':
      if (samplesPerPixel === 3) return { samples: firstOfThree(samples), colour: true, bits: bitsStored };
      break;
    case 'PALETTE COLOR':
      if (samplesPerPixel === 1) return { samples: paletteLuminance(samples, dataSet), colour: true, bits: 16 };
  }
  throw new Fault('dicom-attribute', `${stored.photometricInterpretation} with ${samplesPerPixel} samples a pixel has no grey values`, { attribute: 'PhotometricInterpretation' });
}

function luminance(samples: Samples): Samples {
  const grey = samples.slice(0, samples.length / 3);
  for (let i = 0, from = 0; i < grey.length; i++, from += 3) {
    grey[i] = Math.round(0.299 * samples[from]! + 0.587 * samples[from + 1]! + 0.114 * samples[from + 2]!);
  }
  return grey;
}

function firstOfThree(samples: Samples): Samples {
  const grey = samples.slice(0, samples.length / 3);
  for (let i = 0; i < grey.length; i++) grey[i] = samples[3 * i]!;
  return grey;
}

/** Palette Color Lookup Table module (PS3.3 §C.7.9): luminance as 16 bits. */
function paletteLuminance(samples: Samples, dataSet: DataSet): Uint16Array {
  const [red, green, blue] = ['Red', 'Green', 'Blue'].map((colour) => palette(dataSet, `${colour}PaletteColorLookupTable`));
  const entries = red!.entries.map((value, i) => Math.round(0.299 * value + 0.587 * (green!.entries[i] ?? 0) + 0.114 * (blue!.entries[i] ?? 0)));
  const last = entries.length - 1;
  return Uint16Array.from(samples, (sample) => entries[Math.min(last, Math.max(0, sample - red!.first))]!);
}

function palette(dataSet: DataSet, keyword: string): { first: number; entries: number[] } {
  const [count, first, bits] = numbersOf(dataSet, `${keyword}Descriptor`);
  const data = dataSet[`${keyword}Data`];
  if (count === undefined || first === undefined || !(data instanceof Uint8Array) || data.length === 0) {
    throw new Fault('dicom-attribute', 'a palette that is missing or segmented', { attribute: keyword });
  }
  const length = count <= 0 ? count + 65536 : count;
  // 8-bit entries that lie one in a byte; elsewhere an entry is a word whatever its bits are.
  if (bits === 8 && data.length < 2 * length) return { first, entries: Array.from(data.subarray(0, length), (value) => value * 257) };
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const words = Array.from({ length: Math.min(length, data.length >> 1) }, (_, i) => view.getUint16(2 * i, true));
  const factor = bits === 8 && words.every((value) => value < 256) ? 257 : 1;
  return { first, entries: words.map((value) => value * factor) };
}
