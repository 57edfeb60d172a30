import { parseArgs } from 'node:util';
import { postgresMissing } from '../support/postgres.js';
import { soak } from './soak.js';

/*
 * npm run soak -- --studies 200 --seed 17 --json: exit status 0 only if nothing was lost, duplicated, stuck or damaged.
 */
const { values } = parseArgs({
  options: {
    studies: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now()) },
    processes: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
  },
});
const missing = postgresMissing();
if (missing) throw new Error(missing);
const studies = Number(values.studies);
const say = (line: string): void => console.error(line);
say(`seed ${values.seed}`);
const result = await soak({ studies, seed: values.seed, processes: Number(values.processes), patienceMs: 180_000 + studies * 5_000, say });
if (values.json) console.log(JSON.stringify({ seed: values.seed, ...result }));
else
  console.log(
    `${result.studies} studies, ${result.kills} injected faults: ${result.lost} lost, ${result.duplicated} duplicated, ${result.stuck} jobs stuck, ${result.damaged} damaged; next result after a fault: ${result.recoverySeconds.median.toFixed(1)} s median, ${result.recoverySeconds.max.toFixed(1)} s at most`,
  );
for (const line of result.notTried) console.error(`not tried: ${line}`);
process.exitCode = result.lost + result.duplicated + result.stuck + result.damaged > 0 ? 1 : 0;
