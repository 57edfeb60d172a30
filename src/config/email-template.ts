import { nearestName } from '../lib/nearest-name.js';

/* Templates of e-mails: text with names in braces, {findings}, for which the values of the message are written. */

const ofResult = ['findings', 'outcome', 'accessionNumber', 'studyInstanceUID', 'resultTime', 'model', 'page'] as const;

/** Names for attributes of the patient, and the attribute that the channel must be allowed to carry. */
const ofPatient = { patientId: 'id', patientName: 'name', patientBirthDate: 'birthDate', patientSex: 'sex' } as const;

export type EmailPlaceholder = (typeof ofResult)[number] | keyof typeof ofPatient;

const placeholder = /\{([^{}\n]*)\}/g;

/** @returns the template with the values; a value that is absent is empty */
export function fillTemplate(template: string, values: Readonly<Partial<Record<EmailPlaceholder, string>>>): string {
  return template.replace(placeholder, (_whole, name: string) => values[name as EmailPlaceholder] ?? '');
}

/**
 * @param where `subject`: mail servers log subjects and telephones show them on a locked screen, so they never name the patient
 * @param patient attributes that the channel may carry
 * @returns what is wrong with the template; undefined: nothing
 */
export function templateProblem(template: string, where: 'subject' | 'text', patient: readonly string[]): string | undefined {
  for (const [, name = ''] of template.matchAll(placeholder)) {
    const attribute = Object.hasOwn(ofPatient, name) ? ofPatient[name as keyof typeof ofPatient] : undefined;
    if (attribute === undefined && !(ofResult as readonly string[]).includes(name)) {
      const known = where === 'subject' ? ofResult : [...ofResult, ...Object.keys(ofPatient)];
      const near = nearestName(name, known);
      return `expected one of {${known.join('}, {')}}, found {${name.slice(0, 40)}}${near === undefined ? '' : ` (did you mean {${near}}?)`}`;
    }
    if (attribute !== undefined && where === 'subject') return `expected no attribute of the patient in a subject, found {${name}}`;
    if (attribute !== undefined && !patient.includes(attribute))
      return `expected patient: [${attribute}] for a channel with {${name}}, found ${patient.length > 0 ? patient.join(', ') : 'none'}`;
  }
  return undefined;
}
