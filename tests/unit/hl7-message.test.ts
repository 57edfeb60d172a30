import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Hl7Message } from '@medplum/core';
import { projectRoot } from '../../src/config.js';
import { decodeHl7, encodeHl7 } from '../../src/hl7/character-set.js';
import { hl7Message } from '../../src/messages/hl7-message.js';
import { exampleAddressing, hl7Examples } from '../support/hl7-examples.js';
import { mulberry32 } from '../../src/lib/seeded-random.js';
import { isFault } from '../support/fault.js';
import { exampleMessage, examplePatient, oracleMessages } from '../support/result-messages.js';

/*
 * Messages as others read them: each one parsed by Medplum's parser here and by HAPI for tests/fixtures/messages/hl7/hapi.json
 * (tests/oracles/hl7/run.sh), which also checked it against the structure ORU_R01 of HL7 v2.5.1, data types included.
 */

// HAPI's file was written in this zone; OBR-22 and MSH-7 are local times.
process.env['TZ'] = 'Europe/Berlin';

const hapi = JSON.parse(readFileSync(join(projectRoot, 'tests/fixtures/messages/hl7/hapi.json'), 'utf8')) as Readonly<
  Record<string, Readonly<Record<string, string>>>
>;
const groups: Readonly<Record<string, string>> = { MSH: '', PID: 'PATIENT/', ORC: 'ORDER_OBSERVATION(0)/', OBR: 'ORDER_OBSERVATION(0)/' };

/** The escape sequences of delimiters, as §2.7 of HL7 v2.5.1 lists them. */
function unescaped(text: string): string {
  const sequences: Readonly<Record<string, string>> = { F: '|', S: '^', T: '&', R: '~', E: '\\' };
  return text.replace(/\\([FSTRE])\\/g, (_, letter: string) => sequences[letter]!);
}

/** The same with control characters by their code (§2.7.5), which HAPI leaves as they are. */
function decoded(text: string): string {
  return text.replace(/\\X([0-9A-F]{2})\\|\\[FSTRE]\\/g, (sequence, code?: string) =>
    code === undefined ? unescaped(sequence) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}

/** Every value that Medplum finds, by the place that HAPI names. */
function valuesOf(text: string, decode = unescaped): Readonly<Record<string, string>> {
  const values: Record<string, string> = {};
  let observations = 0;
  // What follows the last segment's end is no segment.
  for (const segment of Hl7Message.parse(text.replace(/\r$/, '')).segments) {
    const group = segment.name === 'OBX' ? `ORDER_OBSERVATION(0)/OBSERVATION(${observations++})/` : groups[segment.name];
    assert.notEqual(group, undefined, `a segment ${segment.name}`);
    for (let number = 1; number < 60; number++) {
      const field = segment.getField(number);
      field?.components.forEach((components, repetition) => {
        components.forEach((component, index) => {
          component.split('&').forEach((part, subindex) => {
            const count = field.components.length > 1 ? `(${repetition})` : '';
            const place = `${group}${segment.name}-${number}${count}.${index + 1}.${subindex + 1}`;
            if (part !== '') values[normalised(place)] = decode(part);
          });
        });
      });
    }
  }
  return { ...values, 'MSH-1': '|', 'MSH-2': '^~\\&' };
}

function normalised(place: string): string {
  return place.replace(/(\.1)+$/, '');
}

test('there are messages of every outcome, in every character set', () => {
  assert.deepEqual(Object.keys(hapi).sort(), hl7Examples.map(({ name }) => name).sort());
  assert.ok(hl7Examples.length >= 14);
});

for (const { name, message, addressing } of hl7Examples) {
  test(`${name}: Medplum and HAPI find the same values in the same places`, () => {
    const bytes = encodeHl7(hl7Message(message, addressing), addressing.characterSet);
    const expected = Object.fromEntries(Object.entries(hapi[name]!).map(([place, value]) => [normalised(place), value]));
    const found = valuesOf(decodeHl7(bytes, addressing.characterSet));
    // MSH-2 consists of delimiters; a parser does not split it.
    const isSplit = (place: string): boolean => !place.startsWith('MSH-1(') && !place.startsWith('MSH-2(') && !place.startsWith('MSH-2.');
    assert.deepEqual(Object.fromEntries(Object.entries(found).filter(([place]) => isSplit(place))), expected);
  });
}

const written = (changes: Parameters<typeof exampleMessage>[0] = {}) => valuesOf(hl7Message(exampleMessage(changes), exampleAddressing));
const observation = (number: number) => `ORDER_OBSERVATION(0)/OBSERVATION(${number - 1})/OBX`;

test('without configured attributes nothing of the patient is in the message, and the name is stated as withheld', () => {
  const values = written();
  assert.deepEqual(
    Object.entries(values).filter(([place]) => place.includes('PID')),
    [
      ['PATIENT/PID-1', '1'],
      ['PATIENT/PID-5(1).7', 'S'],
    ],
  );
  assert.equal(values['ORDER_OBSERVATION(0)/OBR-18'], 'ACC20260102');
});

test('each attribute of the patient is written if it is there, and no other', () => {
  const places = { id: 'PID-3', name: 'PID-5.2', birthDate: 'PID-7', sex: 'PID-8' } as const;
  for (const [attribute, place] of Object.entries(places)) {
    const key = attribute as keyof typeof places;
    const values = written({ study: { patient: { [key]: examplePatient[key] } } });
    for (const other of Object.values(places)) assert.equal(`PATIENT/${other}` in values, other === place, `${attribute}: ${other}`);
  }
});

test('a result is stored and not verified (R), also as a correction and where nothing was analysed; nothing cancels an order', () => {
  for (const message of Object.values(oracleMessages)) {
    const values = valuesOf(hl7Message(message, exampleAddressing));
    const statuses = Object.entries(values).filter(([place]) => /OBR-25$|OBX-11$/.test(place));
    assert.ok(statuses.length > 7);
    assert.deepEqual([...new Set(statuses.map(([, status]) => status))], ['R']);
    assert.equal(values['ORDER_OBSERVATION(0)/ORC-1'], 'RE');
    assert.equal('ORDER_OBSERVATION(0)/ORC-5' in values, false);
    assert.match(values[`${observation(1)}-5`]!, /^Software result, not verified by a physician, not for diagnosis\.\\\.br\\/);
  }
});

test('a finding has the codes of the SR: the finding, its site, the decision, the probability in %', () => {
  const values = written();
  const rows = [8, 9, 10, 11].map((number) =>
    ['2', '3', '3.3', '4', '5', '5.2', '5.3', '6'].map((field) => values[`${observation(number)}-${field}`]).filter(Boolean),
  );
  assert.deepEqual(rows, [
    ['CWE', '121071', 'DCM', '1', '36118008', 'Pneumothorax', 'SCT'],
    ['CWE', '363698007', 'SCT', '1', '3120008', 'Pleural structure', 'SCT'],
    ['CWE', '36118008', 'SCT', '1', '52101004', 'Present', 'SCT'],
    ['NM', '122157', 'DCM', '1', '91.5', '%'],
  ]);
});

test('a probability below its threshold is never rounded up to it', () => {
  const probability = 0.49996;
  const [finding] = exampleMessage().result.findings;
  for (const [decision, percent] of [
    ['undetermined', '49.9'],
    ['absent', '49.9'],
    ['present', '50'],
  ] as const) {
    const values = written({ result: { findings: [{ ...finding!, probability, decision }] } });
    assert.equal(values[`${observation(11)}-5`], percent);
  }
});

test('a test message is marked so that the receiver does not use it', () => {
  const values = written({ isTest: true });
  assert.equal(values['MSH-11'], 'T');
  assert.match(values[`${observation(1)}-5`]!, /Test message: the values are invented/);
  assert.equal(written()['MSH-11'], 'P');
});

test('an order without numbers is named by the study', () => {
  const { study } = oracleMessages['little-known']!;
  const values = valuesOf(hl7Message(oracleMessages['little-known']!, exampleAddressing));
  assert.equal(values['ORDER_OBSERVATION(0)/OBR-3'], study.studyInstanceUID);
  assert.equal(values['ORDER_OBSERVATION(0)/ORC-3'], study.studyInstanceUID);
});

test('the study time keeps its precision and its offset; what is no time is left out', () => {
  const observed = (date: string, time?: string) =>
    written({ study: { date, ...(time === undefined ? { time: '' } : { time }) } })['ORDER_OBSERVATION(0)/OBR-7'];
  assert.equal(observed('20260102', '081500.123456+0100'), '20260102081500.1234+0100');
  assert.equal(observed('20260102', '0815'), '202601020815');
  assert.equal(observed('20260102', '08'), '202601020800');
  assert.equal(observed('20260102', 'noon'), '20260102');
  assert.equal(observed('20260102'), '20260102');
  assert.equal(observed('2026.01.02', '0815'), undefined);
});

test('an identifier is never changed: what the character set lacks in it is refused, and the fault does not quote it', () => {
  const japanese = oracleMessages['japanese']!;
  for (const characterSet of ['8859/1', 'ASCII'] as const)
    assert.throws(
      () => hl7Message(japanese, { ...exampleAddressing, characterSet }),
      (thrown) => {
        assert.ok(!(thrown as Error).message.includes('患'));
        return isFault('message-refused', {
          retryable: false,
          detail: /^expected the Patient ID in characters of the channel's character set/,
        })(thrown);
      },
    );
});

test('a character that would be a delimiter after its replacement is escaped', () => {
  const message = exampleMessage({ study: { patient: { name: 'Ａ｜Ｂ＆Ｃ^Zoë' } } });
  const text = hl7Message(message, { ...exampleAddressing, characterSet: 'ASCII' });
  assert.match(text, /\rPID\|1\|\|\|\|A\\F\\B\\T\\C\^Zoe\^/);
});

test('a value is never the two quotation marks that tell a receiver to delete what it has', () => {
  const text = hl7Message(exampleMessage({ study: { patient: { id: '""', name: '""' } } }), exampleAddressing);
  assert.ok(!text.includes('""'));
});

test('any text comes back as it was, in its place, and never ends a segment or the frame', () => {
  const parts = [
    '|',
    '^',
    '~',
    '\\',
    '&',
    '\r',
    '\n',
    '\r\n',
    '\u000b',
    '\u001c',
    '\u0000',
    '\\F\\',
    '\\.br\\',
    '\\X0D\\',
    'OBX|',
    'é',
    '患',
    '😀',
    '\ud800',
    'a',
  ];
  const random = mulberry32(15);
  const count = Object.keys(written({ study: { patient: { sex: 'M' } } })).length;
  for (let time = 0; time < 500; time++) {
    const text = `x${Array.from({ length: 8 }, () => parts[Math.floor(random() * parts.length)]).join('')}x`;
    const message = exampleMessage({
      study: { accessionNumber: text, procedure: { value: text, scheme: 'L', meaning: 'm' }, patient: { sex: text } },
    });
    if (text.includes('\ud800')) {
      assert.throws(() => hl7Message(message, exampleAddressing), isFault('message-refused'));
      continue;
    }
    const sent = hl7Message(message, exampleAddressing);
    assert.ok(!/[\u000b\u001c\u0000\n]/.test(sent));
    const values = valuesOf(sent, decoded);
    for (const place of ['ORDER_OBSERVATION(0)/OBR-18', 'ORDER_OBSERVATION(0)/OBR-4', 'PATIENT/PID-8'])
      assert.equal(values[place], text.replace(/\r\n|\n/g, '\r'));
    assert.equal(Object.keys(values).length, count);
  }
});

test('a very long text ends within the limit of its data type, and says so', () => {
  const reason = 'x'.repeat(200_000);
  const values = written({ result: { outcome: 'failed', reason, findings: [] } });
  const text = values[`${observation(1)}-5`]!;
  assert.ok(text.length < 65_536);
  assert.match(text, /The text is not complete\.$/);
  const meaning = written({ study: { procedure: { value: '1', scheme: 'L', meaning: 'y'.repeat(10_000) } } })[
    'ORDER_OBSERVATION(0)/OBR-4.2'
  ]!;
  assert.equal(meaning.length, 199);
});

test('the example of the guide is what the software writes', () => {
  const guide = readFileSync(join(projectRoot, 'docs/guide/hl7.md'), 'utf8');
  const [, example] = /```hl7\n([\s\S]+?)```/.exec(guide) ?? [];
  const message = exampleMessage({ pageUrl: 'https://chest-ai.hospital.example/study/1.2.3' });
  assert.equal(example, hl7Message(message, { ...exampleAddressing, sendingApplication: 'CHESTAI' }).replaceAll('\r', '\n'));
});
