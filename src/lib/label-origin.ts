/**
 * Where the statement that a finding is present or absent comes from, the most reliable first. `adjudicated`: several readers, their
 * disagreements resolved. `radiologist`: one reader of the image. `mined`: extracted from report texts by the makers of
 * a data set. `report`: a text or a caption about the patient, not about this image; also what this software's rules read in the
 * radiologist's report of the study.
 */
export const labelOrigins = ['adjudicated', 'radiologist', 'mined', 'report'] as const;

export type LabelOrigin = (typeof labelOrigins)[number];

/** How much a label counts in loss and metrics, 0 to 1. A label whose origin is not stated counts 1, as in data sets without origins. */
export type OriginWeights = Readonly<Record<LabelOrigin, number>>;

/**
 * Of 283 images that NIH's text mining labels "Pneumonia", radiologists of RSNA read 167: 41 % have a lung opacity. A mined label is
 * right about as often as not, so it counts half, a statement about the patient a quarter.
 */
export const defaultOriginWeights: OriginWeights = { adjudicated: 1, radiologist: 1, mined: 0.5, report: 0.25 };

export function originWeight(origin: LabelOrigin | null, weights: OriginWeights = defaultOriginWeights): number {
  return origin === null ? 1 : weights[origin];
}

/** 4 for `adjudicated` to 1 for `report`, 0 if it is not stated. */
export function originRank(origin: LabelOrigin | null): number {
  return origin === null ? 0 : labelOrigins.length - labelOrigins.indexOf(origin);
}

/** Whether somebody looked at this image to decide. A label without a stated origin is taken for one. */
export function isReadOnImage(origin: LabelOrigin | null): boolean {
  return origin === null || origin === 'adjudicated' || origin === 'radiologist';
}
