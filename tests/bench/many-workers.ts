import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { projectRoot } from '../../src/config.js';
import { silentLog } from '../../src/log.js';
import { startJobs } from '../../src/jobs/jobs.js';
import { defineQueue } from '../../src/jobs/queue.js';
import { sampleLoad } from '../../src/samples/sample-load.js';
import { openStore } from '../../src/store/store.js';
import type { JobProcessOptions } from '../support/job-process.js';
import { temporaryDirectory, withOrthanc } from '../support/orthanc.js';
import { figure } from './history/figures.js';
import { startPostgres, type PrivatePostgres } from '../support/postgres.js';
import { sendByCStore } from '../support/send.js';
import { spawnService, type SpawnedService } from '../support/service.js';

const studies = 24;
const jobMs = 1_000;
/** For each simulated worker. */
const jobsEach = 12;

export const title = 'Many workers';

/** Processes on one PostgreSQL: real ones that share this machine's cores, and ones whose engine only takes its time, as on many machines. */
export async function bench(): Promise<void> {
  const postgres = await startPostgres();
  try {
    for (const workers of [1, 2, 4]) await real(workers, postgres);
    for (const workers of [1, 4, 16, 64, 256]) await simulated(workers, postgres);
  } finally {
    await postgres.stop();
  }
}

/** All studies wait in Orthanc; each process works on one study at a time. Measured from the first result to the last, so that the start of the processes does not count. */
async function real(workers: number, postgres: PrivatePostgres): Promise<void> {
  const databaseUrl = await postgres.createDatabase();
  await withOrthanc(async ({ orthanc }) => {
    const load = [...sampleLoad(studies, `workers ${workers}`)];
    for (const { files } of load) await sendByCStore(files, orthanc);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const start = (roles: string): Promise<SpawnedService> => {
      const dataDir = temporaryDirectory('workers');
      const configFile = join(dataDir, 'config.yaml');
      writeFileSync(configFile, 'work: { studies: 1, decoders: 1 }\n');
      return spawnService(orthanc, {
        dataDir,
        environment: { DATABASE_URL: databaseUrl, ROLES: roles, ENGINE: 'onnx-cpu', CONFIG_FILE: configFile },
      });
    };
    const running = await Promise.all(Array.from({ length: workers }, () => start('work')));
    const store = await openStore({ databaseUrl }, silentLog);
    try {
      running.push(await start('watch'));
      while ((await store.results.withoutResult(load.map((one) => one.studyInstanceUID))).length > 0)
        await new Promise((resolve) => setTimeout(resolve, 50));
      const times = (await store.results.listResults({ limit: studies })).results
        .map(({ createdAt }) => createdAt.getTime())
        .sort((a, b) => a - b);
      const maxGap = Math.max(...times.slice(1).map((time, n) => time - times[n]!));
      console.log(
        `${workers} worker process${workers > 1 ? 'es' : ''} on this machine: ${(((studies - 1) * 60_000) / (times.at(-1)! - times[0]!)).toFixed(0)} studies a minute, at most ${(maxGap / 1000).toFixed(1)} s between two results`,
      );
    } finally {
      await store.close();
      for (const one of running) await one.kill();
    }
  });
}

/**
 * Jobs of one second that need no processor: what the queue itself allows. At most 32 are active in one process. All processes are ready
 * before the jobs become due, at one moment.
 */
async function simulated(workers: number, postgres: PrivatePostgres): Promise<void> {
  const location = { databaseUrl: await postgres.createDatabase() };
  const keys = Array.from({ length: workers * jobsEach }, (_, n) => `1.2.${n}`);
  const store = await openStore(location, silentLog);
  const jobs = await startJobs(store, silentLog);
  const queue = defineQueue<{ readonly key: string }>('simulated');
  const perProcess = Math.min(32, workers);
  let ready = 0;
  const times: number[] = [];
  const children: ChildProcess[] = [];
  for (let n = 0; n < workers / perProcess; n++) {
    const options: JobProcessOptions = { location, queue: 'simulated', concurrency: perProcess, jobMs, send: [] };
    const child = spawn(process.execPath, [join(projectRoot, 'dist/tests/support/job-process.js'), JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { did, at } = JSON.parse(line) as { did: string; at: number };
      if (did === 'ready') ready++;
      if (did === 'start' || did === 'end') times.push(at);
    });
    children.push(child);
  }
  while (ready < children.length) await new Promise((resolve) => setTimeout(resolve, 50));
  const dueAt = Date.now() + 2_000 + 6 * keys.length;
  for (const key of keys) await jobs.send(queue, { key }, { key, startAfterMs: Math.max(0, dueAt - Date.now()) });
  if (Date.now() > dueAt) console.log('the jobs were due before all were sent');
  await jobs.stop();
  while ((await store.results.withoutResult(keys)).length > 0) await new Promise((resolve) => setTimeout(resolve, 100));
  await store.close();
  for (const child of children) {
    const closed = once(child, 'close');
    child.kill('SIGTERM');
    await closed;
  }
  times.sort((one, other) => one - other);
  const seconds = (times.at(-1)! - times[0]!) / 1000;
  const share = (keys.length * jobMs) / 1000 / seconds / workers;
  if (workers === 4 || workers === 256) figure(`simulated workers ${workers}`, share);
  console.log(
    `${String(workers).padStart(3)} simulated workers: ${(keys.length / seconds).toFixed(1)} jobs of ${jobMs / 1000} s a second, ${(100 * share).toFixed(0)} % of what they could do`,
  );
}
