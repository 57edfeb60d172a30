import assert from 'node:assert/strict';
import { test } from 'node:test';
import { technicalText } from '../../src/lib/technical-text.js';

test('technical words of another system remain, everything that may name a patient does not', () => {
  for (const [text, kept] of [
    ['Patient Müller^Hans (12.03.1957) not found', 'Patient … not found'],
    ['Auftragsnummer A123 unbekannt', 'Auftragsnummer … unbekannt'],
    ['required field missing: PID', 'required field missing: PID'],
    ['HAPI-0541: Invalid value "山田 太郎" for element Patient.name', 'HAPI-0541: Invalid value "… for element Patient.name'],
    ['Meier, Anna 57', ''],
    ['12.03.1957', ''],
    ['error\u0000\u001b[31m\r\nfield', 'error [… field'],
    ['', ''],
  ] as const)
    assert.equal(technicalText(text), kept);
});

test('a text of megabytes costs nothing', () => {
  assert.ok(technicalText('error '.repeat(1_000_000)).length <= 300);
});
