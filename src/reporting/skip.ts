/**
 * A skip is a result: the study was seen and, for a stated reason, not analysed.
 * The sentences go into the index and into the document; they contain no patient attribute.
 */
export const skipReasons = {
  'no-rule': 'No routing rule takes this study',
  'ignored-by-rule': 'A routing rule says that this study is not analysed',
  'no-image': 'The study holds no image that can be analysed',
  'lateral-only': 'The study contains lateral views only; the model analyses frontal views',
  'no-axial-ct': 'The study holds no axial CT series with slice positions',
  'too-few-slices': 'Too few axial slices show lung',
  'not-frontal-chest': 'The image is not accepted as a frontal chest X-ray',
  'not-axial-chest': 'The slices are not accepted as axial chest CT',
  'not-for-this-model': 'The deployed model does not analyse this kind of image',
} as const;

export type SkipCode = keyof typeof skipReasons;

export interface Skip {
  readonly code: SkipCode;
  readonly reason: string;
}

/** @param detail more about this study, without any patient attribute */
export function skip(code: SkipCode, detail?: string): Skip {
  return { code, reason: detail ? `${skipReasons[code]}: ${detail}` : skipReasons[code] };
}
