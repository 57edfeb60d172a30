import { conceptOf, numberOf, textOf, textsOf, type DataSet } from '../dicom/data-set.js';
import type { SeriesFacts } from './series-facts.js';

/** Which X-ray images of a study are looked at, and why each of the others is not. */
export interface XraySelection {
  readonly chosen: readonly DataSet[];
  readonly leftOut: readonly { readonly instance: DataSet; readonly reason: LeftOutReason }[];
}

export type LeftOutReason = 'no-image' | 'lateral' | 'screenshot' | 'for-processing' | 'localizer' | 'over-limit';

/** View Position values that are not frontal (PS3.3 C.8.11.5 and what devices really send). */
const lateralViews = new Set(['LATERAL', 'LAT', 'LL', 'RL', 'LLD', 'RLD', 'LLO', 'RLO', 'L LAT', 'R LAT', 'LATERAL LEFT', 'LATERAL RIGHT']);
/** The frontal ones of CID 4010 DX View, as SNOMED CT and as the older SNOMED RT codes. */
const frontalViewCodes = new Set(['399033003', '272479007', '399348003', 'R-10202', 'R-10206', 'R-10214', 'R-40888']);

/**
 * The frontal images of the series that a rule took: PA, AP, or of unknown view (then the network's own gate decides).
 * Of a pair with and without processing the image for presentation is used. Newest first, at most `limit`.
 */
export function selectXrays(series: readonly SeriesFacts[], limit: number): XraySelection {
  const leftOut: { instance: DataSet; reason: LeftOutReason }[] = [];
  const candidates: DataSet[] = [];
  for (const instance of series.flatMap((one) => one.instances)) {
    const reason = whyNot(instance);
    if (reason) leftOut.push({ instance, reason });
    else candidates.push(instance);
  }
  const forPresentation = candidates.filter((one) => !isForProcessing(one));
  const eligible = forPresentation.length > 0 ? forPresentation : candidates;
  for (const instance of candidates) if (!eligible.includes(instance)) leftOut.push({ instance, reason: 'for-processing' });
  const ordered = [...eligible].sort((a, b) => acquiredAt(b).localeCompare(acquiredAt(a)) || uidOf(a).localeCompare(uidOf(b)));
  for (const instance of ordered.slice(limit)) leftOut.push({ instance, reason: 'over-limit' });
  return { chosen: ordered.slice(0, limit), leftOut };
}

function whyNot(instance: DataSet): LeftOutReason | undefined {
  if (!numberOf(instance, 'Rows') || !numberOf(instance, 'Columns')) return 'no-image';
  const imageType = textsOf(instance, 'ImageType').map((value) => value.toUpperCase());
  if (imageType.includes('LOCALIZER')) return 'localizer';
  if (imageType.includes('SCREEN SAVE')) return 'screenshot';
  return isLateral(instance) ? 'lateral' : undefined;
}

/** By View Position, View Code, the direction of the rows, or the words of the series description, in this order. */
function isLateral(instance: DataSet): boolean {
  const position = textOf(instance, 'ViewPosition')?.toUpperCase();
  if (position) return lateralViews.has(position);
  const code = conceptOf(instance, 'ViewCodeSequence');
  if (code) return !frontalViewCodes.has(code.value) && /lateral|oblique|axial|tangential|caud/i.test(code.meaning);
  // Rows that run to the front or the back (PS3.3 §C.7.6.1.1.1) are those of a side view; where the view says frontal, the pixels decide.
  const across = textsOf(instance, 'PatientOrientation')
    .map((direction) => direction.toUpperCase()[0])
    .find((direction) => direction !== 'H' && direction !== 'F');
  if (across === 'A' || across === 'P') return true;
  const description = textOf(instance, 'SeriesDescription') ?? '';
  return /\b(lat|lateral|seitlich|profil)\b/i.test(description) && !/\b(pa|ap|frontal)\b/i.test(description);
}

function isForProcessing(instance: DataSet): boolean {
  return textOf(instance, 'PresentationIntentType') === 'FOR PROCESSING';
}

function acquiredAt(instance: DataSet): string {
  return `${textOf(instance, 'AcquisitionDate') ?? textOf(instance, 'ContentDate') ?? ''}${textOf(instance, 'AcquisitionTime') ?? textOf(instance, 'ContentTime') ?? ''}`;
}

function uidOf(instance: DataSet): string {
  return textOf(instance, 'SOPInstanceUID') ?? '';
}
