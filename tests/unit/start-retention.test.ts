import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../../src/config.js';
import type { Config } from '../../src/config.js';
import type { RemovalPorts } from '../../src/retention/remove-superseded.js';
import { startRetention } from '../../src/retention/start-retention.js';
import type { Jobs } from '../../src/jobs/jobs.js';

/** What is repeated, and what a run asks the index for. */
function started(retention: Partial<Config['retention']>): { readonly schedules: readonly unknown[]; run(): Promise<readonly Date[]> } {
  const schedules: unknown[] = [];
  const works: ((signal: AbortSignal) => Promise<void>)[] = [];
  const asked: Date[] = [];
  const jobs: Pick<Jobs, 'every'> = {
    every(when, name, work) {
      schedules.push([when, name]);
      works.push(work);
      return { runNow: async () => undefined, stop: async () => undefined };
    },
  };
  const store = { supersededDocuments: { studies: async ({ before }: { readonly before: Date }) => (asked.push(before), []) } };
  const { retention: defaults } = loadConfig({});
  startRetention({ store } as unknown as RemovalPorts, { retention: { ...defaults, ...retention } }, jobs);
  return {
    schedules,
    async run() {
      for (const work of works) await work(new AbortController().signal);
      return asked;
    },
  };
}

test('by default everything is kept: nothing runs', () => {
  assert.deepEqual(started({}).schedules, []);
});

test('with either setting it runs by the schedule, and asks for what is older than the shorter time', async () => {
  for (const retention of [{ supersededReportsDays: 30, supersededHeatMapsDays: 10 }, { supersededHeatMapsDays: 10 }]) {
    const one = started(retention);
    assert.deepEqual(one.schedules, [['0 3 * * *', 'superseded documents']]);
    const [before] = await one.run();
    assert.ok(Math.abs(Date.now() - 10 * 86_400_000 - before!.getTime()) < 60_000);
  }
});
