import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertNothingRuns } from '../support/orthanc.js';
import { postgresMissing } from '../support/postgres.js';
import { soak } from '../soak/soak.js';

/** The short form of `npm run soak`; SOAK_SEED repeats one. */
test('studies come in while everything fails: one current result each, nothing stuck, nothing half-written', {
  skip: postgresMissing(),
  timeout: 420_000,
}, async () => {
  const seed = process.env['SOAK_SEED'] ?? String(Date.now());
  console.log(`seed ${seed}`);
  const result = await soak({ studies: 14, seed, processes: 1, patienceMs: 180_000, say: (line) => console.log(line) });
  console.log(JSON.stringify({ seed, ...result }));
  for (const line of result.notTried) console.log(`SKIPPED ${line}`);
  assert.ok(result.kills >= 6);
  const { lost, duplicated, stuck, damaged } = result;
  assert.deepEqual({ lost, duplicated, stuck, damaged }, { lost: 0, duplicated: 0, stuck: 0, damaged: 0 });
  assertNothingRuns();
});
