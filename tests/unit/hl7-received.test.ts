import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { readMessage, type ReadMessage } from '../../src/hl7/read-message.js';
import { receivedText } from '../../src/hl7/received-text.js';
import { momentOfHl7 } from '../../src/hl7/time.js';
import { writeAcknowledgment } from '../../src/hl7/write-acknowledgment.js';
import { reportsIn } from '../../src/radiology-reports/read-oru.js';
import { isFault } from '../support/fault.js';
import { oru } from '../support/mllp-sender.js';
import { receivedExamples } from '../support/received-examples.js';

const parsed = (bytes: Uint8Array): ReadMessage => {
  const { text, decode } = receivedText(bytes);
  return readMessage(text, decode)!;
};
const reports = (message: string, encoding: BufferEncoding = 'utf8') =>
  reportsIn(parsed(Buffer.from(message, encoding)), ['OBR-18', 'OBR-3']);

test('every value that HAPI finds in messages of a RIS is found, unescaped', () => {
  const golden = JSON.parse(readFileSync(join(projectRoot, 'tests/fixtures/messages/hl7/received-hapi.json'), 'utf8')) as Record<
    string,
    Record<string, string>
  >;
  let compared = 0;
  for (const { name, bytes } of receivedExamples) {
    const { segments } = parsed(bytes);
    for (const [place, value] of Object.entries(golden[name]!)) {
      const [, number = '0', segment, field, repetition = '0', component = '1', subcomponent = '1'] =
        /(?:OBSERVATION\((\d+)\)\/)?([A-Z0-9]{3})-(\d+)(?:\((\d+)\))?(?:\.(\d+))?(?:\.(\d+))?$/.exec(place)!;
      if (segment === 'MSH' && Number(field) <= 2) continue;
      const found = segments.filter((one) => one.name === segment)[Number(number)]!;
      const at = found.repetitions(Number(field))[Number(repetition)]!;
      // HAPI leaves commands of formatted text and hexadecimal characters as they are.
      const expected = value
        .replace(/\\\.br\\|\\X0D\\/g, '\n')
        .replace(/\\X([0-9A-F]{2})\\/g, (_, digits: string) => Buffer.from(digits, 'hex').toString('latin1'));
      assert.equal(at.value(Number(field), Number(component), Number(subcomponent)), expected === '""' ? '' : expected, `${name} ${place}`);
      compared++;
    }
  }
  assert.ok(compared > 120);
});

describe('the reports of a message', () => {
  test('lines, parts under their headings, umlauts as bytes and as escapes', () => {
    const [report, ...others] = reportsIn(parsed(receivedExamples[1]!.bytes), ['OBR-18']);
    assert.deepEqual(others, []);
    assert.equal(report?.text, 'Findings:\nHerz vergrößert.\nErguss & Stauung.\nA|B ^ C ~ D \\ E\fImpression:\nGröße 3 cm.');
    assert.deepEqual(
      [report?.accessionNumber, report?.identifier, report?.isWithdrawn, report?.statedAt],
      ['PH2', 'PH2|', false, new Date('2026-01-02T10:15:00')],
    );
  });

  test('each patient ID with its issuers; an ID that is to be deleted is none', () => {
    assert.deepEqual(reportsIn(parsed(receivedExamples[2]!.bytes), ['OBR-18'])[0]?.patients, [
      { id: 'NEW-77', issuers: ['HOSP', '1.2.276.0.76'] },
      { id: 'PHANTOM-2', issuers: ['PHANTOMS'] },
    ]);
  });

  test('only final and corrected orders and lines', () => {
    for (const status of ['P', 'R', 'I', 'S', 'A', 'O']) assert.deepEqual(reports(oru({ status, lines: ['x'] })), [], status);
    assert.equal(reports(oru({ status: 'C', lines: ['x', { value: 'draft', status: 'P' }] }))[0]?.text, 'Findings:\nx');
    assert.equal(reports(oru({ status: '', lines: [{ value: 'x', status: 'F' }] })).length, 1, 'OBX-11 without OBR-25');
    assert.deepEqual(reports(oru({ status: '', lines: [{ value: 'x', status: '' }] })), []);
  });

  test('withdrawn: the order is cancelled, or every line is wrong or deleted', () => {
    assert.equal(reports(oru({ status: 'X', lines: [] }))[0]?.isWithdrawn, true);
    assert.equal(
      reports(
        oru({
          status: 'C',
          lines: [
            { value: 'x', status: 'W' },
            { value: 'y', status: 'D' },
          ],
        }),
      )[0]?.isWithdrawn,
      true,
    );
    assert.equal(
      reports(
        oru({
          status: 'C',
          lines: [
            { value: 'x', status: 'W' },
            { value: 'y', status: 'C' },
          ],
        }),
      )[0]?.isWithdrawn,
      false,
    );
  });

  test('plain text in ED, encoded or not; a PDF has no text, nor have numbers', () => {
    const ed = (value: string) => reports(oru({ lines: [{ type: 'ED', value }] }))[0]?.text;
    assert.equal(ed(`^TEXT^plain^Base64^${Buffer.from('Größe').toString('base64')}`), 'Findings:\nGröße');
    assert.equal(ed('^text^^A^Kein Erguss.'), 'Findings:\nKein Erguss.');
    assert.equal(ed('^application^pdf^Base64^JVBERi0='), undefined);
    assert.equal(reports(oru({ lines: [{ type: 'NM', value: '7' }] }))[0], undefined);
  });

  test('notes are the text where no observation has one', () => {
    const message = `${oru({ lines: [] })}NTE|1||Kein Pneumothorax.\rNTE|2||Erguss.\r`;
    assert.equal(reports(message)[0]?.text, 'Kein Pneumothorax.\nErguss.');
    assert.equal(reports(`${oru({ lines: ['x'] })}NTE|1||a note\r`)[0]?.text, 'Findings:\nx');
  });

  test('several orders are several reports; orders with one filler number are one', () => {
    const second = (order: string): string =>
      oru({ order, accession: order, lines: ['y'] }).slice(oru({ order, accession: order, lines: ['y'] }).indexOf('ORC'));
    assert.deepEqual(
      reports(oru({ lines: ['x'] }) + second('B')).map(({ accessionNumber }) => accessionNumber),
      ['PH2', 'B'],
    );
    assert.deepEqual(
      reports(oru({ lines: ['x'] }) + second('PH2')).map(({ text }) => text),
      ['Findings:\nx\fFindings:\ny'],
    );
  });

  test('the accession number is the first configured field that has a value; a Study Instance UID is read from its observation', () => {
    const message = oru({ accession: '', order: 'F7', lines: ['x', { code: '113014^DICOM Study^DCM', type: 'ST', value: '1.2.3' }] });
    assert.equal(reports(message)[0]?.accessionNumber, 'F7');
    assert.equal(reports(message)[0]?.studyInstanceUID, '1.2.3');
  });
});

test('an escaped line end never begins a segment, and a broken escape sequence stays as it is', () => {
  const before = parsed(Buffer.from(oru({ lines: ['A'] }))).segments.length;
  const hostile = 'Erguss.\\X0D\\OBX\\F\\9\\F\\TX\\F\\x\\F\\\\F\\Pneumothorax\\X0D0A\\OBR\\F\\2';
  const message = parsed(Buffer.from(oru({ lines: [hostile] })));
  assert.equal(message.segments.length, before);
  assert.equal(reports(oru({ lines: [hostile] }))[0]!.text, 'Findings:\nErguss.\nOBX|9|TX|x||Pneumothorax\nOBR|2');
  for (const broken of ['\\X0', '\\X0G\\', '\\X\\', '\\', 'C:\\Temp', '\\X0D', '\\\\\\X0D'])
    assert.equal(reports(oru({ lines: [`Erguss ${broken}`] }))[0]!.text, `Findings:\nErguss ${broken}`);
  const many = '\\X0'.repeat(200_000);
  const begun = performance.now();
  assert.equal(reports(oru({ lines: [many] }))[0]!.text, `Findings:\n${many}`);
  assert.ok(performance.now() - begun < 5_000);
});

describe('character sets', () => {
  const message = (characterSet: string) => oru({ characterSet, lines: ['Größe'] });
  test('by MSH-18; without it UTF-8 where the bytes are, else Windows-1252', () => {
    assert.match(reports(message('UNICODE UTF-8'))[0]!.text, /Größe/);
    assert.match(reports(message('8859/1'), 'latin1')[0]!.text, /Größe/);
    assert.match(reports(message(''))[0]!.text, /Größe/);
    assert.match(reports(message(''), 'latin1')[0]!.text, /Größe/);
    const euro = Buffer.concat([Buffer.from(message('8859/15').replace('Größe', 'Gr'), 'latin1').subarray(0, -1), Buffer.of(0xa4, 0x0d)]);
    assert.match(receivedText(euro).text, /€\r$/);
  });

  test('bytes of another set, and a set that is not known, are refused', () => {
    assert.throws(
      () => receivedText(Buffer.from(message('UNICODE UTF-8'), 'latin1')),
      isFault('request-invalid', { detail: /bytes of the character set/ }),
    );
    assert.throws(() => receivedText(Buffer.from(message('KOI7'))), isFault('request-invalid', { detail: /MSH-18, found another/ }));
  });
});

test('times with and without offset and parts; what is none is none', () => {
  assert.deepEqual(momentOfHl7('20260102101500.25+0100'), new Date('2026-01-02T09:15:00.250Z'));
  assert.deepEqual(momentOfHl7('20260102'), new Date('2026-01-02T00:00:00'));
  for (const text of ['', '2026', '20261302', '20260102T10', 'yesterday']) assert.equal(momentOfHl7(text), undefined, text);
});

test('in enhanced mode the acknowledgment begins with C; no value of the message but its addresses and its control ID is in it', () => {
  const enhanced = oru({ controlId: 'E|1', lines: [] }).replace('|P|2.5.1|', '|P|2.5.1|||AL|NE').replace('E|1', 'E\\F\\1');
  const { msh } = parsed(Buffer.from(enhanced));
  const text = writeAcknowledgment(msh, { outcome: 'accepted' }, { controlId: 'OWN', now: new Date() }).toString();
  assert.match(text, /^MSH\|\^~\\&\|CHESTAI\|RADIOLOGY\|RIS\|HOSPITAL\|/);
  assert.match(text, /\rMSA\|CA\|E\\F\\1\r$/);
});
