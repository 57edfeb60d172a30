import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fromDicomJson } from '../../src/dicom/json.js';
import { decimalString } from '../../src/dicom/part10-writer.js';
import { readPart10, writePart10 } from '../../src/dicom/part10.js';
import { transferSyntax } from '../../src/dicom/transfer-syntax.js';
import { Fault } from '../../src/errors.js';

const document = {
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.33',
  SOPInstanceUID: '2.25.1',
  StudyInstanceUID: '2.25.2',
  StudyDate: '20260102',
  AccessionNumber: '',
  PatientName: 'Yamada^Tarou=山田^太郎=やまだ^たろう',
  PatientID: 'ä ö',
  StudyDescription: 'Thorax übersicht',
  ImageType: ['ORIGINAL', 'PRIMARY'],
  PixelSpacing: [0.123456789012345678, 0.2],
  InstanceNumber: 3,
  Rows: 4,
  PixelRepresentation: 1,
  SmallestImagePixelValue: -7,
  FrameIncrementPointer: '00181063',
  TextValue: 'one \\ two',
  RelationshipType: 'CONTAINS',
  ContentSequence: [
    { ValueType: 'NUM', MeasuredValueSequence: [{ NumericValue: 12.5 }], GraphicData: [1.5, 2.5], ConceptNameCodeSequence: [] },
    { ValueType: 'TEXT', TextValue: 'грудная клетка' },
  ],
} as const;

for (const syntax of [transferSyntax.explicitLittleEndian, transferSyntax.implicitLittleEndian]) {
  test(`what is written in ${syntax} is read back`, () => {
    const { dataSet, meta, transferSyntaxUID } = readPart10(writePart10(document, syntax));
    assert.deepEqual(dataSet, { ...document, SpecificCharacterSet: 'ISO_IR 192', PixelSpacing: [0.12345678901235, 0.2] });
    assert.equal(transferSyntaxUID, syntax);
    assert.equal(meta['ImplementationVersionName'], 'CHESTAI');
    assert.match(String(meta['ImplementationClassUID']), /^2\.25\.\d+$/);
    assert.equal(meta['MediaStorageSOPInstanceUID'], '2.25.1');
  });
}

test('the same data set gives the same bytes', () => {
  assert.deepEqual(writePart10(document), writePart10({ ...document }));
});

test('a value longer than its VR allows is kept, not cut and not printed', () => {
  const long = 'X'.repeat(80);
  assert.equal(readPart10(writePart10({ ...document, AccessionNumber: long, PatientName: long })).dataSet['PatientName'], long);
});

test('decimal strings have at most 16 characters and the nearest value that these allow', () => {
  for (const value of [0, 1, -1.5, Math.PI, -Math.PI * 1e-9, 1 / 3, 123456789012345680, -1.2345678901234567e-300]) {
    const text = decimalString(value);
    assert.ok(text.length <= 16, text);
    assert.ok(Math.abs(Number(text) - value) <= Math.abs(value) * 1e-8, `${value} → ${text}`);
  }
});

test('an attribute that PS3.6 has not, and a value that its VR cannot hold, are refused', () => {
  const refused = (thrown: unknown): boolean => thrown instanceof Fault && thrown.code === 'document-invalid';
  assert.throws(() => writePart10({ ...document, NoSuchKeyword: 1 }), refused);
  assert.throws(() => writePart10({ ...document, ContentSequence: ['text'] }), refused);
  assert.throws(() => writePart10({ ...document, Rows: {} }), refused);
});

test('dcmdump reads what is written', { skip: existsSync('/usr/bin/dcmdump') ? false : 'dcmtk is not installed' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'part10-'));
  writeFileSync(join(folder, 'a.dcm'), writePart10(document));
  const { stdout, stderr, status } = spawnSync('dcmdump', [join(folder, 'a.dcm')], { encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  assert.equal(status, 0, stderr);
  assert.equal(stderr, '');
  assert.match(stdout, /\(0028,0106\) SS -7/);
  assert.match(stdout, /\(0010,0010\) PN \[Yamada\^Tarou=山田\^太郎=やまだ\^たろう\]/);
});

test('untilPixelData leaves the pixels out', () => {
  const bytes = writePart10({ ...document, BitsAllocated: 16, PixelData: new Uint8Array(64) });
  assert.equal(readPart10(bytes).pixelData?.kind, 'native');
  assert.equal(readPart10(bytes, { untilPixelData: true }).pixelData, undefined);
});

test('a bare data set and a file that lies about its encoding are read', () => {
  const implicit = writePart10(document, transferSyntax.implicitLittleEndian);
  const explicit = writePart10(document);
  const metaLength = (bytes: Uint8Array): number => 144 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(140, true);
  assert.equal(readPart10(implicit.slice(metaLength(implicit))).dataSet['PatientID'], 'ä ö');
  const liar = Buffer.concat([explicit.subarray(0, metaLength(explicit)), implicit.subarray(metaLength(implicit))]);
  assert.equal(readPart10(liar).dataSet['PatientID'], 'ä ö');
});

test('DICOM JSON gives the same data set', () => {
  const json = {
    '00100010': { vr: 'PN', Value: [{ Alphabetic: 'Yamada^Tarou', Ideographic: '山田^太郎', Phonetic: 'やまだ^たろう' }] },
    '00100020': { vr: 'LO', Value: ['ä ö'] },
    '00280030': { vr: 'DS', Value: ['0.5', 0.25] },
    '00200013': { vr: 'IS', Value: ['3'] },
    '00080050': { vr: 'SH' },
    '0040A730': { vr: 'SQ', Value: [{ '0040A040': { vr: 'CS', Value: ['TEXT'] } }, {}] },
    '00081140': { vr: 'SQ' },
    '7FE00010': { vr: 'OW', BulkDataURI: 'http://pacs/bulk/1' },
    '00420011': { vr: 'OB', InlineBinary: 'AQID' },
    '00091001': { vr: 'LO', Value: ['private'] },
  };
  assert.deepEqual(fromDicomJson(json), {
    PatientName: 'Yamada^Tarou=山田^太郎=やまだ^たろう',
    PatientID: 'ä ö',
    PixelSpacing: [0.5, 0.25],
    InstanceNumber: 3,
    AccessionNumber: '',
    ContentSequence: [{ ValueType: 'TEXT' }, {}],
    ReferencedImageSequence: [],
    PixelData: { bulkDataURI: 'http://pacs/bulk/1' },
    EncapsulatedDocument: Uint8Array.of(1, 2, 3),
    '00091001': 'private',
  });
});

test('DICOM JSON that is none, or that holds itself, is a fault', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic['0040A730'] = { vr: 'SQ', Value: [cyclic] };
  for (const wrong of [
    null,
    3,
    [],
    { '00100010': 3 },
    { '00100010': { vr: 'LO', Value: 'x' } },
    { '00100020': { vr: 'LO', Value: [{}] } },
    cyclic,
  ]) {
    assert.throws(
      () => fromDicomJson(wrong),
      (thrown: unknown) => thrown instanceof Fault && thrown.code === 'dicom-unreadable',
    );
  }
});
