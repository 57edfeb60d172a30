import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertNothingRuns } from '../support/orthanc.js';
import { postgresMissing } from '../support/postgres.js';
import { planEvents } from '../soak/plan-events.js';
import { simulate } from '../soak/simulate.js';

const seed = process.env['SOAK_SEED'] ?? String(Date.now());

/** The short form of `npm run soak`: 60 events; SOAK_SEED repeats them. */
for (const database of ['embedded', 'postgresql'] as const)
  test(`30 events in the PACS and faults at random, on ${database}: nothing is untrue, lost, duplicated, stuck or half-written`, {
    skip: database === 'postgresql' ? postgresMissing() : undefined,
    timeout: 420_000,
  }, async () => {
    console.log(`seed ${seed}`);
    const result = await simulate({
      seed: `${seed} ${database}`,
      database,
      processes: 2,
      patienceMs: 90_000,
      plan: (faults) => planEvents(`${seed} ${database}`, 30, faults),
      say: (line) => console.log(line),
    });
    const { log, ...figures } = result;
    console.log(JSON.stringify(figures));
    if (result.violations.length > 0) console.log(log);
    for (const line of result.notTried) console.log(`SKIPPED ${line}`);
    assert.deepEqual(
      result.violations,
      [],
      `repeat: npm run soak -- --seed "${seed} ${database}" --database ${database} --events 30 (failed after event ${result.failedAt})`,
    );
    assert.equal(result.events, 30);
    assertNothingRuns();
  });
