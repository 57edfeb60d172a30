import { isDefinedTerm } from '../dicom/defined-terms.js';
import { isUid } from '../dicom/uid.js';
import type { RoutingAttribute } from './rules.js';

const maxShown = 5;

/** AE titles name devices (PS3.5 §6.2). */
const isTitle = (value: string): boolean => /^[A-Z0-9][A-Z0-9_.-]{0,15}$/i.test(value);

/** Whether a value of an attribute may be repeated in a reason, which goes into the index, the interface and the log. */
const mayBeShown: Readonly<Partial<Record<RoutingAttribute, (value: string) => boolean>>> = {
  modality: (value) => isDefinedTerm('Modality', value),
  bodyPart: (value) => isDefinedTerm('BodyPartExamined', value),
  view: (value) => isDefinedTerm('ViewPosition', value),
  callingAeTitle: isTitle,
  calledAeTitle: isTitle,
  sopClass: (value) => isUid(value) && value.startsWith('1.2.840.10008.'),
};

/** The values found, those that are terms of the standard as they are, the others as "another text"; each once, at most five. */
export function shownValues(attribute: RoutingAttribute, values: readonly string[]): string {
  const shown = [...new Set(values.slice(0, 1_000).map((value) => (mayBeShown[attribute]?.(value) ? value.trim() : 'another text')))];
  return shown.length > maxShown ? `${shown.slice(0, maxShown).join(', ')} and ${shown.length - maxShown} more` : shown.join(', ');
}
