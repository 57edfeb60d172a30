import type { ShownPatient } from '../../server/page-types.js';
import { dicomDate } from './time.js';

/** Name, study date, modalities and description of a study in one line; undefined if the PACS states none of them. */
export function patientLine(patient: ShownPatient | undefined, language: string): string | undefined {
  if (!patient) return undefined;
  const { name, patientId, studyDate, modalities, description } = patient;
  const parts = [name || patientId, dicomDate(studyDate, language), modalities.join('/'), description];
  return parts.filter((text) => text !== '').join(' · ') || undefined;
}
