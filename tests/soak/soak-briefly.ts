import assert from 'node:assert/strict';
import { planEvents } from './plan-events.js';
import { simulate } from './simulate.js';
import type { DatabaseKind } from './hospital.js';
import { assertNothingRuns } from '../support/orthanc.js';

/** Half of the short form of `npm run soak`: 30 events on each database. SOAK_SEED repeats them. */
export async function soakBriefly(database: DatabaseKind): Promise<void> {
  const seed = process.env['SOAK_SEED'] ?? String(Date.now());
  console.log(`seed ${seed}`);
  const result = await simulate({
    seed,
    database,
    processes: 2,
    patienceMs: 90_000,
    plan: (faults) => planEvents(seed, 30, faults),
    say: (line) => console.log(line),
  });
  const { log, ...figures } = result;
  console.log(JSON.stringify(figures));
  if (result.violations.length > 0) console.log(log);
  for (const line of result.notTried) console.log(`SKIPPED ${line}`);
  assert.deepEqual(
    result.violations,
    [],
    `repeat: npm run soak -- --seed ${seed} --database ${database} --events 30 (failed after event ${result.failedAt})`,
  );
  assert.equal(result.events, 30);
  assertNothingRuns();
}
