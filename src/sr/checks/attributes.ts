import { itemsOf, textOf, textsOf, type DataSet } from '../../dicom/data-set.js';
import { attributeOfKey } from '../../dicom/dictionary.js';
import { isUid, isUsableUid } from '../../dicom/uid.js';
import { comprehensive3dSr, comprehensiveSr } from '../document-header.js';
import { legalDate, legalTime } from '../legal-value.js';

/** Must be there with a value: Type 1, and Type 2 that we always can fill. */
const required = [
  'SpecificCharacterSet',
  'SOPClassUID',
  'SOPInstanceUID',
  'StudyInstanceUID',
  'SeriesInstanceUID',
  'Modality',
  'SeriesNumber',
  'InstanceNumber',
  'Manufacturer',
  'ManufacturerModelName',
  'DeviceSerialNumber',
  'SoftwareVersions',
  'ContentDate',
  'ContentTime',
  'CompletionFlag',
  'VerificationFlag',
  'ValueType',
  'ContinuityOfContent',
  'ConceptNameCodeSequence',
  'ContributingEquipmentSequence',
] as const;
/** Type 2: must be there, may be empty. */
const present = [
  'PatientName',
  'PatientID',
  'PatientBirthDate',
  'PatientSex',
  'StudyDate',
  'StudyTime',
  'ReferringPhysicianName',
  'StudyID',
  'AccessionNumber',
  'ReferencedPerformedProcedureStepSequence',
  'PerformedProcedureCodeSequence',
] as const;
/** Copied from the images as they are, even where too long (see patient-study.ts). */
const identifiers: readonly string[] = ['PatientID', 'StudyID', 'AccessionNumber'];
/** UIDs that the document gets, not copies. */
const madeHere: readonly string[] = ['SOPClassUID', 'SOPInstanceUID', 'SeriesInstanceUID'];

/**
 * Required attributes of the SR IODs (PS3.3 A.35.3, A.35.13) and every value within its representation (PS3.5 §6.2).
 *
 * @param verification whether the document may be verified: what software says never is
 */
export function checkAttributes(document: DataSet, verification: 'never' | 'allowed' = 'never'): readonly string[] {
  const empty = required.filter((keyword) => textOf(document, keyword) === undefined && itemsOf(document, keyword).length === 0);
  const absent = present.filter((keyword) => document[keyword] === undefined || document[keyword] === null);
  return [
    ...empty.map((keyword) => `${keyword}: expected a value, found none`),
    ...absent.map((keyword) => `${keyword}: expected the attribute, found none`),
    ...expect(document, 'SpecificCharacterSet', ['ISO_IR 192']),
    ...expect(document, 'Modality', ['SR']),
    ...expect(document, 'SOPClassUID', [comprehensiveSr, comprehensive3dSr]),
    ...expect(document, 'CompletionFlag', ['COMPLETE']),
    ...expect(document, 'VerificationFlag', verification === 'allowed' ? ['UNVERIFIED', 'VERIFIED'] : ['UNVERIFIED']),
    ...checkVerifier(document),
    ...valuesOf(document, ''),
  ];
}

/** PS3.3 Table C.17-2: required if VERIFIED, and not to be there otherwise. */
function checkVerifier(document: DataSet): readonly string[] {
  const verified = textOf(document, 'VerificationFlag') === 'VERIFIED';
  const observers = itemsOf(document, 'VerifyingObserverSequence');
  if (verified !== observers.length > 0)
    return [`VerifyingObserverSequence: expected ${verified ? 'an item, found none' : 'none, found one'}`];
  return observers.flatMap((item) =>
    ['VerifyingObserverName', 'VerifyingOrganization', 'VerificationDateTime']
      .filter((keyword) => textOf(item, keyword) === undefined)
      .map((keyword) => `${keyword}: expected a value, found none`),
  );
}

function expect(document: DataSet, keyword: string, allowed: readonly string[]): readonly string[] {
  const found = textOf(document, keyword);
  return found !== undefined && !allowed.includes(found) ? [`${keyword}: expected ${allowed.join(' or ')}, found ${found}`] : [];
}

function valuesOf(dataSet: DataSet, path: string): readonly string[] {
  return Object.entries(dataSet).flatMap(([keyword, value]) => {
    const vr = attributeOfKey(keyword)?.vr;
    if (vr === undefined) return [`${path}${keyword}: not an attribute of PS3.6`];
    if (vr === 'SQ') return itemsOf(dataSet, keyword).flatMap((item, index) => valuesOf(item, `${path}${keyword}[${index + 1}].`));
    if (path === '' && identifiers.includes(keyword)) return [];
    const wrong =
      value === ''
        ? undefined
        : textsOf(dataSet, keyword)
            .map((text) => fault(vr, text, path === '' && madeHere.includes(keyword)))
            .find((one) => one !== undefined);
    return wrong === undefined ? [] : [`${path}${keyword} (${vr}): ${wrong}`];
  });
}

/**
 * What is wrong with one value; it is not repeated, for it may be the patient's.
 * @param ours a UID made here: one of the images is repeated as it is, or the document would not lie in their study
 */
function fault(vr: string, text: string, ours: boolean): string | undefined {
  const length = [...text].length;
  const legal = forms[vr]?.test(text) ?? true;
  if (!legal) return `not a legal value (${length} characters)`;
  if (vr === 'UI' && !(ours ? isUid : isUsableUid)(text)) return 'not a UID';
  if (vr === 'DA' && legalDate(text) !== text) return 'not a date';
  if (vr === 'TM' && legalTime(text) !== text) return 'not a time';
  return undefined;
}

const oneLine = (length: number): RegExp => new RegExp(`^[^\\\\\\u0000-\\u001f\\u007f]{0,${length}}$`, 'u');
const forms: Readonly<Record<string, RegExp>> = {
  CS: /^[A-Z0-9_ ]{0,16}$/,
  SH: oneLine(16),
  LO: oneLine(64),
  PN: /^(?!.*\^([^=]*\^){4})[^=\\\u0000-\u001f]{0,64}(=[^=\\\u0000-\u001f]{0,64}){0,2}$/u,
  DS: /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/,
  IS: /^[+-]?\d{1,12}$/,
  DT: /^\d{14}(\.\d{1,6})?([+-]\d{4})?$/,
  AS: /^\d{3}[DWMY]$/,
  ST: /^.{0,1024}$/su,
};
