import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { burnedInAnnotation } from '../../src/dicom/deidentification/burned-in.js';
import { dateOffsetDays, deidentify, pseudonymOf, type DeidentificationOptions } from '../../src/dicom/deidentification/deidentify.js';
import { profileActions } from '../../src/dicom/deidentification/profile-actions.js';
import type { DataSet } from '../../src/dicom/data-set.js';
import { attributeOfKey, tagDigits } from '../../src/dicom/dictionary.js';
import { readPart10, writePart10 } from '../../src/dicom/part10.js';
import { smallSamples } from '../support/small-samples.js';
import { validateDocument } from '../support/validate-document.js';

const key = Buffer.alloc(32, 7);
const basic: DeidentificationOptions = { key, shiftDates: false, retainPatientCharacteristics: false, retainDeviceIdentity: false };
const folder = join(projectRoot, 'tests/fixtures/dicom');
const every = readPart10(readFileSync(join(folder, 'every-attribute.dcm'))).dataSet;
const peer = JSON.parse(readFileSync(join(folder, 'every-attribute.json'), 'utf8')) as Record<
  string,
  'removed' | 'emptied' | 'replaced' | 'kept'
>;

function outcomeOf(before: unknown, after: unknown): string {
  if (after === undefined) return 'removed';
  if (after === '' || (Array.isArray(after) && after.every((one) => one === ''))) return 'emptied';
  return JSON.stringify(before) === JSON.stringify(after) || JSON.stringify([before]) === JSON.stringify(after) ? 'kept' : 'replaced';
}

const tagsOfAction = (action: string): ReadonlySet<string> => new Set(profileActions[action]!.trim().split(/\s+/));

test('every attribute of PS3.15 Table E.1-1: nothing that dicom-anonymizer removes, empties or replaces is kept', () => {
  const after = deidentify(every, 'patient |4711', basic);
  const kept: string[] = [];
  for (const [keyword, value] of Object.entries(every)) {
    const tag = tagDigits(attributeOfKey(keyword)!.tag);
    const ours = outcomeOf(value, after[keyword]);
    if (ours === 'kept' && peer[tag] !== 'kept') kept.push(`${keyword} ${tag}: ${peer[tag]}`);
    // A choice of the table (X/Z, X/D …) leaves an empty or a dummy value here: only what the table removes is removed.
    if (ours === 'removed') assert.ok(tagsOfAction('X').has(tag), `${keyword} ${tag}`);
  }
  assert.deepEqual(kept, []);
  // Whatever the table names is changed, also where dicom-anonymizer leaves it.
  const named = new Set(Object.values(profileActions).flatMap((tags) => tags.trim().split(/\s+/)));
  assert.ok(named.size > 640, `${named.size} attributes`);
  const untouched = Object.keys(every).filter(
    (keyword) => named.has(tagDigits(attributeOfKey(keyword)!.tag)) && outcomeOf(every[keyword], after[keyword]) === 'kept',
  );
  assert.deepEqual(untouched, []);
  // Nor in any sequence: the values are all the same word.
  assert.doesNotMatch(JSON.stringify(after), /SECRET/);
});

const study: DataSet = {
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.1.1',
  SOPInstanceUID: '1.2.3.4',
  StudyInstanceUID: '1.2.3',
  SeriesInstanceUID: '1.2.3.1',
  PatientName: 'Doe^Jane',
  PatientID: '4711',
  PatientBirthDate: '19300405',
  PatientAge: '095Y',
  PatientSex: 'F',
  StudyDate: '20240229',
  SeriesTime: '101112.5',
  AcquisitionDateTime: '20240301093000.000+0100',
  StationName: 'ROOM1',
  InstitutionName: 'General Hospital',
  '00091001': 'private',
  '60003000': Uint8Array.of(1),
  ReferencedStudySequence: [{ ReferencedSOPClassUID: '1.2.840.10008.3.1.2.3.1', ReferencedSOPInstanceUID: '1.2.3' }],
  SourceImageSequence: [{ ReferencedSOPClassUID: '1.2.840.10008.5.1.4.1.1.1.1', ReferencedSOPInstanceUID: '1.2.3.4' }],
};

test('options: dates of a patient move alike, characteristics and device are retained, and the method says so', () => {
  const after = deidentify(study, 'patient |4711', {
    ...basic,
    shiftDates: true,
    retainPatientCharacteristics: true,
    retainDeviceIdentity: true,
  });
  const offset = dateOffsetDays('patient |4711', key);
  assert.ok(offset <= -1 && offset >= -3650);
  const day = (text: string): number =>
    Date.UTC(Number(text.slice(0, 4)), Number(text.slice(4, 6)) - 1, Number(text.slice(6, 8))) / 86_400_000;
  const [date] = after['StudyDate'] as [string];
  const [moment] = after['AcquisitionDateTime'] as [string];
  assert.equal(day(date), day('20240229') + offset);
  assert.equal(day(moment) - day(date), 1, 'the interval between two dates stays');
  assert.equal(moment.slice(8), '093000.000+0100');
  assert.deepEqual(
    [after['PatientAge'], after['PatientSex'], after['StationName'], after['PatientBirthDate'], after['InstitutionName']],
    ['090Y', 'F', 'ROOM1', '', outcomeOf('', after['InstitutionName']) === 'removed' ? undefined : after['InstitutionName']],
  );
  assert.doesNotMatch(JSON.stringify(after), /Doe|4711|General|private|60003000|00091001/);
  assert.deepEqual(
    (after['DeidentificationMethodCodeSequence'] as readonly DataSet[]).map(({ CodeValue }) => CodeValue),
    ['113100', '113107', '113108', '113109'],
  );
  assert.equal(after['LongitudinalTemporalInformationModified'], 'MODIFIED');
  const plain = deidentify(study, 'patient |4711', basic);
  assert.deepEqual(
    [plain['PatientAge'], plain['PatientSex'], plain['StudyDate'], plain['LongitudinalTemporalInformationModified']],
    [undefined, '', '', 'REMOVED'],
  );
});

test('UIDs: the same one everywhere in a set, another one with another key; a pseudonym is that of the patient', () => {
  const one = deidentify(study, 'patient |4711', basic);
  const [study1] = one['StudyInstanceUID'] as [string];
  const [instance] = one['SOPInstanceUID'] as [string];
  const [source] = one['SourceImageSequence'] as [DataSet];
  assert.match(instance, /^2\.25\.\d+$/);
  assert.deepEqual(source['ReferencedSOPInstanceUID'], [instance]);
  assert.equal(source['ReferencedSOPClassUID'], '1.2.840.10008.5.1.4.1.1.1.1');
  const other = deidentify(study, 'patient |4711', { ...basic, key: Buffer.alloc(32, 8) });
  assert.notDeepEqual(other['StudyInstanceUID'], [study1]);
  assert.equal(one['PatientID'], pseudonymOf('patient |4711', key));
  assert.notEqual(pseudonymOf('patient |4712', key), one['PatientID']);
});

test('dciodvfy finds no error in a de-identified image that it did not find before', async () => {
  const { opacity } = smallSamples();
  const file = readPart10(opacity.files[0]!);
  const native = file.pixelData?.kind === 'native' ? file.pixelData.bytes : undefined;
  assert.ok(native);
  const after = deidentify(file.dataSet, 'patient |1', { ...basic, shiftDates: true });
  const before = await validateDocument(opacity.files[0]!, 'image');
  const written = await validateDocument(writePart10({ ...after, PixelData: native }), 'image');
  const isNew = (error: string): boolean => !before.errors.includes(error);
  assert.deepEqual(written.errors.filter(isNew), []);
});

for (const [attributes, state] of [
  [{ BurnedInAnnotation: 'YES', Modality: 'DX' }, 'stated'],
  [{ BurnedInAnnotation: 'NO', Modality: 'US' }, 'none'],
  [{ Modality: 'DX', SOPClassUID: '1.2.840.10008.5.1.4.1.1.1.1' }, 'none'],
  [{ Modality: 'CR', SOPClassUID: '1.2.840.10008.5.1.4.1.1.7' }, 'suspected'],
  [{ Modality: 'CR', ConversionType: 'DF' }, 'suspected'],
  [{ Modality: 'US' }, 'suspected'],
] as const)
  test(`text burned into the pixels: ${JSON.stringify(attributes)} is ${state}`, () => {
    const found = burnedInAnnotation(attributes);
    assert.equal(found.state, state);
    assert.equal(found.reason === '', state === 'none');
  });
