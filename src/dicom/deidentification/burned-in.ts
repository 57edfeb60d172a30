import { textOf, textsOf, type DataSet } from '../data-set.js';

/** Modalities whose images as a rule show text of the device: ultrasound, photographs, scans of paper, screens. */
const annotatedModalities: ReadonlySet<string> = new Set(['US', 'XC', 'ES', 'GM', 'SM', 'OT', 'DOC', 'SC']);
/** Secondary Capture and its multi-frame relatives (PS3.4 §B.5). */
const secondaryCapture = '1.2.840.10008.5.1.4.1.1.7';

/**
 * Whether text may be burned into the pixels, which no removal of attributes takes away. `stated`: Burned In Annotation (0028,0301) is
 * YES. `suspected`: it is not stated, and the image is a secondary capture, was scanned or digitised, or comes from a modality whose
 * images show text.
 */
export function burnedInAnnotation(dataSet: DataSet): { readonly state: 'stated' | 'suspected' | 'none'; readonly reason: string } {
  const stated = textOf(dataSet, 'BurnedInAnnotation')?.toUpperCase();
  if (stated === 'YES') return { state: 'stated', reason: 'Burned In Annotation is YES' };
  if (stated === 'NO') return { state: 'none', reason: '' };
  const reasons = [
    ...(textOf(dataSet, 'SOPClassUID')?.startsWith(secondaryCapture) ? ['it is a secondary capture'] : []),
    ...(textOf(dataSet, 'ConversionType') === undefined ? [] : ['it was digitised (Conversion Type)']),
    ...(textsOf(dataSet, 'ImageType').some((value) => value.toUpperCase() === 'SCREEN SAVE') ? ['it is a screen shot'] : []),
    ...(annotatedModalities.has(textOf(dataSet, 'Modality')?.toUpperCase() ?? '')
      ? [`its modality is ${textOf(dataSet, 'Modality')}`]
      : []),
  ];
  return reasons.length === 0
    ? { state: 'none', reason: '' }
    : { state: 'suspected', reason: `Burned In Annotation is not stated, and ${reasons.join(', ')}` };
}
