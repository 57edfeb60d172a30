import assert from 'node:assert/strict';
import { planEvents } from './plan-events.js';
import { simulate } from './simulate.js';
import type { DatabaseKind } from './hospital.js';
import { assertNothingRuns } from '../support/orthanc.js';

/** The events of every run are the same, so that a failure is a change of the program; SOAK_SEED tries others. */
const seeds: Readonly<Record<DatabaseKind, string>> = { embedded: '1795973065368', postgresql: '1795973005875' };

/** Half of the short form of `npm run soak`: 30 events on each database. */
export async function soakBriefly(database: DatabaseKind): Promise<void> {
  const seed = process.env['SOAK_SEED'] ?? seeds[database];
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
