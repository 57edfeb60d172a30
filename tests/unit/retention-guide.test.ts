import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { tablesByOtherColumns, tablesByStudy } from '../../src/store/erasures.js';

test('the guide names every table that has data of a patient', () => {
  const guide = readFileSync(join(projectRoot, 'docs/guide/retention.md'), 'utf8');
  const rows = guide.split('\n').filter((line) => line.startsWith('| '));
  assert.deepEqual(
    [...tablesByStudy, ...tablesByOtherColumns].filter((table) => !rows.some((row) => row.includes(`\`${table}\``))),
    [],
  );
});
