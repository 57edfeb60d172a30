import { Fault } from '../../errors.js';
import { decidingNumberOf, textOf } from '../../dicom/data-set.js';
import type { DataSet } from '../../dicom/data-set.js';

/** How the samples of an image are stored: the Image Pixel module (PS3.3 §C.7.6.3.1). */
export interface ImageFormat {
  /** 1 to 65535. */
  readonly rows: number;
  readonly columns: number;
  readonly numberOfFrames: number;
  /** 1 or 3 (4 for retired CMYK is refused). */
  readonly samplesPerPixel: 1 | 3;
  readonly photometricInterpretation: string;
  /** 1 to 32. */
  readonly bitsAllocated: number;
  /** 1 to bitsAllocated. */
  readonly bitsStored: number;
  /** bitsStored − 1 to bitsAllocated − 1. */
  readonly highBit: number;
  readonly signed: boolean;
  /** true: all of one colour, then all of the next (Planar Configuration 1). */
  readonly planar: boolean;
}

/** 64 million samples a frame: three times the largest detector, 400 MB while being presented; anything above is a damaged header. */
const maxSamplesPerFrame = 64e6;
const maxFrames = 1e6;

/** @throws Fault dicom-attribute with the attribute that is missing or makes no sense */
export function imageFormat(dataSet: DataSet): ImageFormat {
  const rows = integer(dataSet, 'Rows', 1, 65535);
  const columns = integer(dataSet, 'Columns', 1, 65535);
  const samplesPerPixel = integer(dataSet, 'SamplesPerPixel', 1, 4, 1);
  const bitsAllocated = integer(dataSet, 'BitsAllocated', 1, 32);
  const bitsStored = integer(dataSet, 'BitsStored', 1, bitsAllocated);
  // Many writers leave High Bit wrong below Bits Stored − 1; there the lowest bits hold the value.
  const highBit = Math.max(bitsStored - 1, integer(dataSet, 'HighBit', 0, bitsAllocated - 1, bitsStored - 1));
  if (samplesPerPixel !== 1 && samplesPerPixel !== 3) throw wrong(dataSet, 'SamplesPerPixel', `1 or 3 is expected, not ${samplesPerPixel}`);
  if (rows * columns * samplesPerPixel > maxSamplesPerFrame) {
    throw wrong(dataSet, 'Rows', `${columns} × ${rows} pixels are more than an image may have here (${maxSamplesPerFrame} samples)`);
  }
  const photometricInterpretation = textOf(dataSet, 'PhotometricInterpretation')
    ?.toUpperCase()
    .replace(/^(MONOCHROME) (?=[12]$)/, '$1');
  if (photometricInterpretation === undefined) throw wrong(dataSet, 'PhotometricInterpretation', 'it is missing');
  return {
    rows,
    columns,
    samplesPerPixel,
    bitsAllocated,
    bitsStored,
    highBit,
    // 0 is written for one frame; pydicom and DCMTK take it so.
    numberOfFrames: Math.max(1, integer(dataSet, 'NumberOfFrames', 0, maxFrames, 1)),
    photometricInterpretation,
    signed: integer(dataSet, 'PixelRepresentation', 0, 1) === 1,
    planar: samplesPerPixel === 3 && integer(dataSet, 'PlanarConfiguration', 0, 1, 0) === 1,
  };
}

function integer(dataSet: DataSet, keyword: string, min: number, max: number, otherwise?: number): number {
  const value = decidingNumberOf(dataSet, keyword) ?? otherwise;
  if (value === undefined) throw wrong(dataSet, keyword, 'it is missing');
  if (!Number.isInteger(value) || value < min || value > max) throw wrong(dataSet, keyword, `${min} to ${max} is expected, not ${value}`);
  return value;
}

function wrong(dataSet: DataSet, attribute: string, detail: string): Fault {
  const sopInstanceUID = textOf(dataSet, 'SOPInstanceUID');
  return new Fault('dicom-attribute', detail, { attribute, ...(sopInstanceUID ? { sopInstanceUID } : {}) });
}
