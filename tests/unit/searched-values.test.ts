import assert from 'node:assert/strict';
import { test } from 'node:test';
import { searchedValues } from '../../src/dicomweb/searched-values.js';

test('values that stand in an address as they are stay, and their rows are not compared', () => {
  const query = { PatientID: 'A-1', StudyDate: '20260101-', PatientName: 'DOE^J*', includefield: '00100021', StudyInstanceUID: '1.2.3' };
  const searched = searchedValues(query);
  assert.deepEqual(searched.query, query);
  assert.ok(searched.matches({ PatientID: 'b' }));
});

test('quoted characters become wildcards, and only rows with the value that was meant match', () => {
  for (const [value, sent, same, others] of [
    ['PRIOR 1', 'PRIOR*1', ['PRIOR 1', 'prior 1', ' PRIOR 1 '], ['PRIOR 11', 'PRIORX1', 'PRIOR  1', '']],
    ['MÜLLER^JÖRG*', 'M*LLER^J*RG*', ['Müller^Jörg', 'MU\u0308LLER^JO\u0308RG^K'], ['MILLER^JURG', 'MÜLLER']],
    ['山田*', '*', ['山田^太郎', 'YAMADA^TARO=山田^太郎'], ['田山^太郎', 'YAMADA^TARO']],
    ['100%', '100*', ['100%'], ['100', '1000']],
    ['A?C D', 'A*C*D', ['ABC D'], ['AC D', 'ABBC D']],
    ['a/../b', 'a*..*b', ['a/../b'], ['a..b']],
    ['**** *a', '*a', ['x y a', ' a a'], ['a', 'b']],
  ] as const) {
    const { query, matches } = searchedValues({ PatientName: value });
    assert.equal(query['PatientName'], sent);
    for (const one of same) assert.ok(matches({ PatientName: one }), `${one} matches ${value}`);
    for (const one of others) assert.ok(!matches({ PatientName: one }), `${one} does not match ${value}`);
    assert.ok(!matches({}), 'a row without the attribute');
  }
});

test('a long pattern of wildcards is compared in little time', () => {
  const { matches } = searchedValues({ PatientName: `${'*a?'.repeat(2_000)} ` });
  assert.equal(matches({ PatientName: 'a'.repeat(3_000) }), false);
});
