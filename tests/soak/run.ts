import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { postgresMissing } from '../support/postgres.js';
import { applicable, describeEvent, planEvents, type PlannedEvent } from './plan-events.js';
import { shorten } from './shorten.js';
import { simulate, type SimulationResult } from './simulate.js';

/*
 * npm run soak -- --events 1000 --seed 17 --json: exit status 0 only if everything was as docs/reference/events.md states at every
 * quiet point. --only 3,7,12 repeats these events of the seed; --shorten looks for the shortest list that still fails.
 */
const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now()) },
    database: { type: 'string', default: postgresMissing() ? 'embedded' : 'postgresql' },
    processes: { type: 'string', default: '2' },
    patience: { type: 'string', default: '120' },
    only: { type: 'string' },
    shorten: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const { seed, database } = values;
if (database !== 'embedded' && database !== 'postgresql') throw new Error('expected --database embedded or --database postgresql');
const missing = database === 'postgresql' ? postgresMissing() : undefined;
if (missing) throw new Error(missing);
const say = (line: string): void => console.error(line);
const only = values.only?.split(',').map(Number);

const run = (choose: (events: readonly PlannedEvent[]) => readonly PlannedEvent[]): Promise<SimulationResult> =>
  simulate({
    seed,
    database,
    processes: Number(values.processes),
    patienceMs: Number(values.patience) * 1_000,
    plan: (faults) => choose(planEvents(seed, Number(values.events), faults)),
    say,
  });

say(`seed ${seed}, ${database}`);
let planned: readonly PlannedEvent[] = [];
const result = await run((events) => (planned = only ? applicable(events.filter((one) => only.includes(one.number))) : events));
const { log, ...figures } = result;
if (values.json) console.log(JSON.stringify({ seed, database, ...figures }));
else
  console.log(
    `${result.events} events of ${Object.keys(result.kinds).length} kinds, ${result.documents} documents: ${result.violations.length} violations; quiet after ${result.restSeconds.median.toFixed(1)} s median, ${result.restSeconds.max.toFixed(1)} s at most`,
  );
for (const line of result.notTried) say(`not tried: ${line}`);
if (result.failedAt !== undefined) {
  for (const line of result.violations) say(line);
  const logFile = join(tmpdir(), `chest-ai-soak-${seed.replace(/\W/g, '-')}.log`);
  writeFileSync(logFile, log, { mode: 0o600 });
  say(`log of the service: ${logFile}`);
  say(`failed after event ${result.failedAt}; repeat: npm run soak -- --seed ${seed} --database ${database} --events ${result.failedAt}`);
  if (values.shorten) await reportShortest(planned.filter((one) => one.number <= result.failedAt!));
  process.exitCode = 1;
}

async function reportShortest(events: readonly PlannedEvent[]): Promise<void> {
  const shortest = await shorten(events, async (candidate) => (await run(() => candidate)).failedAt !== undefined);
  say(`the shortest list that fails has ${shortest.length} events:`);
  for (const one of shortest) say(describeEvent(one));
  say(
    `repeat: npm run soak -- --seed ${seed} --database ${database} --events ${values.events} --only ${shortest.map((one) => one.number).join(',')}`,
  );
}
