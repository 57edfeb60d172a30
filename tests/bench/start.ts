import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { projectRoot } from '../../src/config.js';
import { startPrivateOrthanc, type RunningOrthanc } from '../../src/orthanc/private-orthanc.js';
import { figure } from './history/figures.js';
import { median } from './median.js';
import { residentMB } from './process-family.js';

export const title = 'Start and memory';

const runs = 5;
/** After the start, until the decoders are ready and the first garbage is gone. */
const idleMs = 20_000;
const program = join(projectRoot, 'bootstrap.mjs');
const picture = join(projectRoot, 'radiographs');

/** `analyze` of one picture as a whole process; the service from its command to "service is running", and the memory of all its processes. */
export async function bench(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-start-'));
  const orthanc = await startPrivateOrthanc({ directory: join(folder, 'orthanc'), stableAgeSeconds: 1 });
  try {
    console.log('| what | seconds, median | each |\n| --- | --- | --- |');
    const files = readdirSync(picture).filter((name) => /\.(png|jpg|dcm)$/.test(name));
    const analyses: number[] = [];
    for (let run = 0; run < runs; run++) {
      const began = performance.now();
      await promisify(execFile)(process.execPath, [program, 'analyze', '--json', join(picture, files[0]!)], {
        cwd: projectRoot,
        env: environment(join(folder, 'analyze')),
      });
      analyses.push((performance.now() - began) / 1000);
    }
    tell('analyze', '`analyze` of one picture', analyses);
    const first: number[] = [];
    const later: number[] = [];
    const memory: number[] = [];
    for (let run = 0; run < 3; run++) {
      const dataDir = join(folder, `service-${run}`);
      first.push((await startOnce(dataDir, orthanc)).seconds);
      const second = await startOnce(dataDir, orthanc, idleMs);
      later.push(second.seconds);
      memory.push(second.residentMB);
    }
    tell('start first', '`npm start`, first start of a DATA_DIR', first);
    tell('start later', '`npm start`, later', later);
    figure('memory idle', median(memory));
    console.log(
      `\nMemory of the idle service with all its processes (shared pages once): ${memory.map((one) => one.toFixed(0)).join(', ')} MB.`,
    );
  } finally {
    await orthanc.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function tell(id: string, what: string, seconds: readonly number[]): void {
  figure(id, median(seconds));
  console.log(`| ${what} | ${median(seconds).toFixed(2)} | ${seconds.map((one) => one.toFixed(2)).join(', ')} |`);
}

function environment(dataDir: string): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: process.env['HOME'], DATA_DIR: dataDir, PORT: '0', LOG_FORMAT: 'json' };
}

/** Starts the service, lets it run idle, and ends it. */
async function startOnce(
  dataDir: string,
  orthanc: RunningOrthanc,
  idle = 0,
): Promise<{ readonly seconds: number; readonly residentMB: number }> {
  const began = performance.now();
  const child = spawn(process.execPath, [program, 'serve'], {
    cwd: projectRoot,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...environment(dataDir), ORTHANC_URL: orthanc.url, ORTHANC_USERNAME: orthanc.username, ORTHANC_PASSWORD: orthanc.password },
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  let printed = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      if (printed.includes('service is running')) resolve();
    });
    void ended.then(() => reject(new Error(`the service ended: ${printed}`)));
  });
  const seconds = (performance.now() - began) / 1000;
  await sleep(idle);
  const memory = idle > 0 ? residentMB(child.pid!) : NaN;
  child.kill('SIGTERM');
  await ended;
  return { seconds, residentMB: memory };
}
