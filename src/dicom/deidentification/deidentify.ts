import { createHmac } from 'node:crypto';
import { itemsOf, textOf, textsOf, type DataSet } from '../data-set.js';
import { attributeOfKey, tagDigits } from '../dictionary.js';
import { derivedUid } from '../uid.js';
import { profileActions } from './profile-actions.js';

/** Options of the Basic Application Level Confidentiality Profile (PS3.15 §E.3). */
export interface DeidentificationOptions {
  /** At least 16 bytes. UIDs, pseudonyms and offsets are derived with it: the same key gives the same ones. */
  readonly key: Uint8Array;
  /** Retain Longitudinal Temporal Information with Modified Dates (§E.3.6): all dates of a patient are shifted alike. */
  readonly shiftDates: boolean;
  /** Retain Patient Characteristics (§E.3.7): age (at most 90 years), sex, size, weight … */
  readonly retainPatientCharacteristics: boolean;
  /** Retain Device Identity (§E.3.8): serial number, station name … */
  readonly retainDeviceIdentity: boolean;
}

/** Keywords that the option Retain Patient Characteristics keeps; free text of that column (C in the table) is removed all the same. */
const patientCharacteristics: ReadonlySet<string> = new Set([
  'PatientAge',
  'PatientSex',
  'PatientSexNeutered',
  'PatientSize',
  'PatientWeight',
  'EthnicGroup',
  'PregnancyStatus',
  'SmokingStatus',
]);
/** Keywords that the option Retain Device Identity keeps. */
const deviceIdentity: ReadonlySet<string> = new Set([
  'DeviceSerialNumber',
  'DeviceUID',
  'StationName',
  'GantryID',
  'GeneratorID',
  'CassetteID',
  'PlateID',
  'DetectorID',
]);

const actions: ReadonlyMap<string, string> = new Map(
  Object.entries(profileActions).flatMap(([action, tags]) =>
    tags
      .trim()
      .split(/\s+/)
      .map((tag) => [tag, action] as const),
  ),
);

/** What stands for a text that must not be empty. */
const dummyText = 'ANONYMIZED';
/** Offsets of dates: 1 to this many days into the past. */
const maxOffsetDays = 3_650;
/** Ages above are stated as this: rare ages identify. */
const maxAgeYears = 90;

/** The pseudonym of a patient: the same for all images of the patient under one key. @param identifier as `patientIdentifier` makes it */
export function pseudonymOf(identifier: string, key: Uint8Array): string {
  return `P${digestOf(key, 'patient', identifier).slice(0, 16).toUpperCase()}`;
}

/** A UID in place of another, the same under one key wherever it stands. */
export function replacementUid(uid: string, key: Uint8Array): string {
  return derivedUid('deidentified', digestOf(key, 'uid', uid));
}

/** Days by which the dates of a patient are shifted, −1 to −3650. */
export function dateOffsetDays(identifier: string, key: Uint8Array): number {
  return -1 - (Number.parseInt(digestOf(key, 'dates', identifier).slice(0, 8), 16) % maxOffsetDays);
}

function digestOf(key: Uint8Array, what: string, value: string): string {
  return createHmac('sha256', key).update(`${what}:${value}`).digest('hex');
}

/**
 * A data set without what identifies the patient, after the Basic Application Level Confidentiality Profile (PS3.15 Annex E,
 * Table E.1-1) with options. Removed are also private attributes, curves, overlays and attributes that PS3.6 does not define. Where
 * the table leaves a choice (X/Z, X/D, Z/D …), the attribute stays with an empty or a dummy value, so that the object remains valid.
 *
 * @param patient identifier of the patient, from which pseudonym and offset are derived
 */
export function deidentify(dataSet: DataSet, patient: string, options: DeidentificationOptions): DataSet {
  const { key, shiftDates, retainPatientCharacteristics, retainDeviceIdentity } = options;
  const pseudonym = pseudonymOf(patient, key);
  return {
    ...cleaned(dataSet, { ...options, offsetDays: dateOffsetDays(patient, key) }),
    PatientName: pseudonym,
    PatientID: pseudonym,
    PatientIdentityRemoved: 'YES',
    LongitudinalTemporalInformationModified: shiftDates ? 'MODIFIED' : 'REMOVED',
    DeidentificationMethodCodeSequence: [
      method('113100', 'Basic Application Confidentiality Profile'),
      ...(shiftDates ? [method('113107', 'Retain Longitudinal Temporal Information Modified Dates Option')] : []),
      ...(retainPatientCharacteristics ? [method('113108', 'Retain Patient Characteristics Option')] : []),
      ...(retainDeviceIdentity ? [method('113109', 'Retain Device Identity Option')] : []),
    ],
  };
}

/** CID 7050 De-identification Method. */
function method(value: string, meaning: string): DataSet {
  return { CodeValue: value, CodingSchemeDesignator: 'DCM', CodeMeaning: meaning };
}

interface Cleaning extends DeidentificationOptions {
  readonly offsetDays: number;
}

function cleaned(dataSet: DataSet, cleaning: Cleaning): DataSet {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(dataSet)) {
    const attribute = attributeOfKey(key);
    // Eight digits are the key of an attribute that PS3.6 does not define: private ones, curves and overlays among them.
    if (!attribute || /^[0-9A-F]{8}$/.test(key)) continue;
    const kept = valueAfter(key, attribute.vr, actions.get(tagDigits(attribute.tag)), value, dataSet, cleaning);
    if (kept !== undefined) result[key] = kept;
  }
  return result;
}

/** @returns undefined if the attribute is removed */
function valueAfter(
  keyword: string,
  vr: string,
  action: string | undefined,
  value: unknown,
  dataSet: DataSet,
  cleaning: Cleaning,
): unknown {
  if (action === undefined) return vr === 'SQ' ? itemsOf(dataSet, keyword).map((item) => cleaned(item, cleaning)) : value;
  if (cleaning.retainPatientCharacteristics && patientCharacteristics.has(keyword))
    return keyword === 'PatientAge' ? cappedAge(textOf(dataSet, keyword)) : value;
  if (cleaning.retainDeviceIdentity && deviceIdentity.has(keyword)) return value;
  if (
    cleaning.shiftDates &&
    (vr === 'DA' || vr === 'DT' || vr === 'TM') &&
    keyword !== 'PatientBirthDate' &&
    keyword !== 'PatientBirthTime'
  )
    return textsOf(dataSet, keyword).map((one) => shifted(one, vr, cleaning.offsetDays));
  if (action === 'X') return undefined;
  if (vr === 'UI') return textsOf(dataSet, keyword).map((uid) => (uid === '' ? '' : replacementUid(uid, cleaning.key)));
  if (action === 'X/Z/U*' && vr === 'SQ') return itemsOf(dataSet, keyword).map((item) => cleaned(item, cleaning));
  if (action === 'Z' || action === 'X/Z' || vr === 'SQ') return vr === 'SQ' ? [] : '';
  return dummyOf(vr);
}

/** A valid value that says nothing. */
function dummyOf(vr: string): unknown {
  switch (vr) {
    case 'DA':
      return '19000101';
    case 'TM':
      return '000000';
    case 'DT':
      return '19000101000000';
    case 'AS':
      return '000D';
    case 'DS':
    case 'IS':
      return '0';
    case 'FL':
    case 'FD':
    case 'US':
    case 'SS':
    case 'UL':
    case 'SL':
    case 'xs':
      return 0;
    case 'OB':
    case 'OW':
    case 'UN':
    case 'ox':
      return Uint8Array.of(0, 0);
    default:
      return dummyText;
  }
}

/** @param days negative: into the past. A value that is no date is removed, because it could be anything. */
function shifted(text: string, vr: string, days: number): string {
  if (vr === 'TM') return /^\d{2}(:?\d{2}(:?\d{2}(\.\d{1,6})?)?)?$/.test(text) ? text : '';
  const [, year, month, day, rest = ''] = /^(\d{4})(\d{2})(\d{2})([\d.+-]*)$/.exec(text) ?? [];
  if (year === undefined || (vr === 'DA' && rest !== '')) return '';
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day) + days));
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().slice(0, 10).replaceAll('-', '') + rest;
}

function cappedAge(age: string | undefined): string {
  const [, number, unit] = /^(\d{3})([DWMY])$/.exec(age ?? '') ?? [];
  if (number === undefined) return '';
  return unit === 'Y' && Number(number) > maxAgeYears ? `0${maxAgeYears}Y` : `${number}${unit}`;
}
