import { decidingNumberOf } from '../dicom/data-set.js';
import type { DataSet } from '../dicom/data-set.js';
import type { ImageFormat } from './decode/image-format.js';

/** Stored values that are no image: from `low` to `high`, inclusive. */
export interface PaddingRange {
  readonly low: number;
  readonly high: number;
}

/** Pixel Padding Value and Range Limit (PS3.3 §C.7.5.1.1.2), in stored values; undefined if there is no padding. */
export function paddingRange(dataSet: DataSet, format: Pick<ImageFormat, 'signed' | 'bitsAllocated'>): PaddingRange | undefined {
  const value = asStored(decidingNumberOf(dataSet, 'PixelPaddingValue'), format);
  if (value === undefined) return undefined;
  const limit = asStored(decidingNumberOf(dataSet, 'PixelPaddingRangeLimit'), format) ?? value;
  return { low: Math.min(value, limit), high: Math.max(value, limit) };
}

/** Writers mix up US and SS here; the same 16 bits are meant. */
function asStored(value: number | undefined, { signed, bitsAllocated }: Pick<ImageFormat, 'signed' | 'bitsAllocated'>): number | undefined {
  if (value === undefined || bitsAllocated !== 16) return value;
  if (signed && value > 32767) return value - 65536;
  return !signed && value < 0 ? value + 65536 : value;
}
