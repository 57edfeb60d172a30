import { itemsOf, textOf, textsOf, type DataSet } from '../dicom/data-set.js';
import { legalDate, legalPersonName, legalString, legalTime } from './legal-value.js';

/**
 * Patient (PS3.3 C.7.1.1), General Study (C.7.2.1) and Patient Study (C.7.2.2) modules, repeated from the source.
 *
 * Descriptions are cut to their legal length and dates that are none become empty. Identifiers are repeated as they
 * are, however long: a shortened Patient ID is another patient, and Orthanc would file the document in another study.
 */
export function patientAndStudy(source: DataSet): DataSet {
  return {
    PatientName: legalPersonName(first(source, 'PatientName')),
    PatientID: identifier(source, 'PatientID'),
    ...optional('IssuerOfPatientID', legalString(first(source, 'IssuerOfPatientID'), 64)),
    PatientBirthDate: legalDate(first(source, 'PatientBirthDate')),
    PatientSex: oneOf(['M', 'F', 'O'], first(source, 'PatientSex')),
    ...deidentification(source),
    StudyInstanceUID: first(source, 'StudyInstanceUID'),
    StudyDate: legalDate(first(source, 'StudyDate')),
    StudyTime: legalTime(first(source, 'StudyTime')),
    ReferringPhysicianName: legalPersonName(first(source, 'ReferringPhysicianName')),
    StudyID: identifier(source, 'StudyID'),
    AccessionNumber: identifier(source, 'AccessionNumber'),
    ...optional('StudyDescription', legalString(textsOf(source, 'StudyDescription').join('/'), 64)),
    ...optional('PatientAge', /^\d{3}[DWMY]$/.test(first(source, 'PatientAge')) ? first(source, 'PatientAge') : ''),
  };
}

/** A removed identity remains recorded: Patient Identity Removed requires a method (Type 1C). */
function deidentification(source: DataSet): DataSet {
  if (first(source, 'PatientIdentityRemoved') !== 'YES') return {};
  const methods = textsOf(source, 'DeidentificationMethod')
    .map((one) => legalString(one, 64))
    .filter((one) => one !== '');
  const codes = itemsOf(source, 'DeidentificationMethodCodeSequence');
  return {
    PatientIdentityRemoved: 'YES',
    ...(methods.length > 0 || codes.length === 0 ? { DeidentificationMethod: methods.length > 0 ? methods : 'Unknown' } : {}),
    ...(codes.length > 0 ? { DeidentificationMethodCodeSequence: codes } : {}),
  };
}

function first(source: DataSet, keyword: string): string {
  return textOf(source, keyword) ?? '';
}

/** Every value, joined as it was stored: an identifier with a backslash in it was read as several. */
function identifier(source: DataSet, keyword: string): string {
  return textsOf(source, keyword).join('\\').replace(/\0+$/, '').trim();
}

function oneOf(allowed: readonly string[], value: string): string {
  return allowed.includes(value) ? value : '';
}

function optional(keyword: string, value: string): DataSet {
  return value === '' ? {} : { [keyword]: value };
}
