import { Fault } from '../../errors.js';
import type { DataSet } from '../../dicom/data-set.js';
import { paletteLuminance } from './palette.js';
import type { Samples, StoredFrame, StoredFrames } from './stored-frames.js';

/**
 * One channel of a frame: monochrome as it is; of colour the luminance of Rec. 601 (PS3.3 §C.7.6.3.1.2), in the range of
 * the samples. Palettes are looked up first.
 * @throws Fault dicom-attribute for a photometric interpretation that has no luminance here
 */
export function greySamples(
  stored: StoredFrames,
  frame: StoredFrame,
  dataSet: DataSet,
): { samples: Samples; colour: boolean; bits: number } {
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
      if (samplesPerPixel === 3) return { samples: firstOfThree(samples), colour: true, bits: bitsStored };
      break;
    case 'YBR_PARTIAL_422':
    case 'YBR_PARTIAL_420':
      if (samplesPerPixel === 3) return { samples: fullRange(firstOfThree(samples), bitsStored), colour: true, bits: bitsStored };
      break;
    case 'PALETTE COLOR':
      if (samplesPerPixel === 1) return { samples: paletteLuminance(samples, dataSet), colour: true, bits: 16 };
  }
  throw new Fault('dicom-attribute', `${stored.photometricInterpretation} with ${samplesPerPixel} samples a pixel has no grey values`, {
    attribute: 'PhotometricInterpretation',
  });
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

/** Luminance that leaves room below black and above white (CCIR 601-2: 16 to 235 of 8 bits) → the whole range. */
function fullRange(grey: Samples, bits: number): Samples {
  const unit = 2 ** (bits - 8);
  for (let i = 0; i < grey.length; i++)
    grey[i] = Math.round((Math.min(219 * unit, Math.max(0, grey[i]! - 16 * unit)) / (219 * unit)) * (2 ** bits - 1));
  return grey;
}
