import { numbersOf, type DataSet } from '../dicom/data-set.js';

/** Height of a pixel over its width: Pixel Aspect Ratio (PS3.3 §C.7.6.3.1.7), else a spacing; 1 if nothing is stated. */
export function pixelAspectOf(dataSet: DataSet): number {
  for (const keyword of ['PixelAspectRatio', 'PixelSpacing', 'ImagerPixelSpacing', 'NominalScannedPixelSpacing']) {
    const [vertical, horizontal] = numbersOf(dataSet, keyword);
    const aspect = vertical !== undefined && horizontal ? vertical / horizontal : NaN;
    if (aspect > 0.1 && aspect < 10) return aspect;
  }
  return 1;
}
