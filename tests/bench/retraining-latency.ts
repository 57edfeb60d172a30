import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { retrainingFolders } from '../../src/retraining/retraining-folders.js';
import { trainingProgram } from '../../src/retraining/train-in-process.js';
import { startService, type RunningService } from '../../src/service/start-service.js';
import { projectRoot } from '../../src/config.js';
import { noTransforms } from '../../src/dataset/augmentation.js';
import { PictureCache } from '../../src/dataset/picture-cache.js';
import { defaultPromotionRules } from '../../src/evaluation/promotion/promotion-rules.js';
import { silentLog } from '../../src/log.js';
import { OrthancClient } from '../../src/orthanc/client.js';
import { startPrivateOrthanc, type RunningOrthanc } from '../../src/orthanc/private-orthanc.js';
import { sampleLoad, type LoadStudy } from '../../src/samples/sample-load.js';
import { fastaiRecipe } from '../../src/training/recipe.js';
import { plannedPhantoms, usualPart } from '../support/phantom-patients.js';
import { sendByCStore } from '../support/send.js';
import { configFor } from '../support/service.js';
import { median } from './median.js';

const rounds = 4;
const studiesOfRound = 6;

type Training = 'none' | 'as shipped' | 'without low priority';
const modes: readonly Training[] = ['none', 'as shipped', 'without low priority'];

export const title = 'During a retraining run';

/** From the moment Orthanc calls a study stable to its report in Orthanc, with and without a retraining run beside the service, in turns. */
export async function bench(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'chest-ai-bench-'));
  const orthanc = await startPrivateOrthanc({ directory: join(directory, 'orthanc'), stableAgeSeconds: 1 });
  const config = configFor(orthanc, { dataDir: join(directory, 'service') });
  const service = await startService(config, silentLog);
  const client = new OrthancClient({ url: orthanc.url, username: orthanc.username, password: orthanc.password, timeoutMs: 60_000 });
  const load = [...sampleLoad(1 + modes.length * rounds * studiesOfRound, 'retraining-latency')];
  const waits: Record<Training, number[]> = { none: [], 'as shipped': [], 'without low priority': [] };
  try {
    const run = await planRetraining(service, config.dataDir);
    await latencyOf(load.pop()!, service, client, orthanc);
    for (let round = 0; round < rounds; round++) {
      for (const mode of modes) {
        const training = mode === 'none' ? undefined : await startTraining(run, mode === 'without low priority');
        if (training && round === 0)
          console.log(
            `training ${mode}: ${((await shareOfLowPriority(training.pid!)) * 100).toFixed(0)} % of its processor time so far in threads of low priority`,
          );
        for (const study of load.splice(0, studiesOfRound)) waits[mode].push(await latencyOf(study, service, client, orthanc));
        if (training) await end(training);
      }
    }
    for (const mode of modes)
      console.log(
        `training ${mode}: median ${median(waits[mode]).toFixed(0)} ms, 95 % ${percentile95(waits[mode]).toFixed(0)} ms (n ${waits[mode].length})`,
      );
    console.log(
      `load of the machine over the last minutes: ${loadavg()
        .map((one) => one.toFixed(1))
        .join(', ')}`,
    );
  } finally {
    client.close();
    await service.stop();
    await orthanc.kill();
    await rm(directory, { recursive: true, force: true });
  }
}

/** A retraining run on the shipped network that does not end by itself. @returns its folder */
async function planRetraining(service: RunningService, dataDir: string): Promise<string> {
  const { run, pictures } = retrainingFolders({ dataDir });
  await mkdir(run, { recursive: true });
  const version = await service.registry.load(service.model.version);
  const served = version.networks.xray!;
  const images = await plannedPhantoms(new PictureCache(pictures, served.input), 0, 160, usualPart);
  const classes = served.outputs.flatMap(({ kind, name }) => (kind === 'finding' ? [name] : []));
  const recipe = {
    ...fastaiRecipe,
    augmentation: noTransforms,
    batch: 16,
    stages: [{ what: 'all' as const, epochs: 1000, rate: 1e-6, firstRate: 1e-6 }],
  };
  const plan = {
    id: 'retraining-bench',
    startedAt: new Date().toISOString(),
    by: 'bench',
    champion: version.version,
    classes,
    objective: 'several',
    images: images.map((image) => ({ ...image, unknown: classes.filter((name) => name !== 'pneumonia') })),
    recipe,
    rules: defaultPromotionRules,
    lock: 'bench',
    warnings: [],
  };
  await writeFile(join(run, 'plan.json'), JSON.stringify(plan));
  await writeFile(
    join(run, 'settings.json'),
    JSON.stringify({
      dataDir,
      findingsFile: join(projectRoot, 'config/findings.json'),
      prefer: 'onnx-cpu',
      threads: 1,
      codeVersion: 'bench',
    }),
  );
  return run;
}

/** Trains when it resolves. */
async function startTraining(run: string, usualPriority: boolean): Promise<ChildProcess> {
  const child = spawn(process.execPath, [trainingProgram, run], {
    cwd: projectRoot,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (let busy = 0; busy < 3; ) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    if (child.exitCode !== null) throw new Error(`training ended with ${child.exitCode}`);
    const before = await processorTime(child.pid!);
    await new Promise((resolve) => setTimeout(resolve, 500));
    busy = (await processorTime(child.pid!)) - before > 20 ? busy + 1 : 0;
  }
  if (usualPriority)
    for (const thread of await readdir(`/proc/${child.pid}/task`)) spawn('renice', ['-n', '0', '-p', thread], { stdio: 'ignore' });
  return child;
}

/** Of the time that all threads have used, that of those whose nice value is above 0. */
async function shareOfLowPriority(pid: number): Promise<number> {
  const threads = await Promise.all(
    (await readdir(`/proc/${pid}/task`)).map(async (thread) => {
      const fields = (await readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8')).split(') ')[1]!.split(' ');
      return { time: Number(fields[11]) + Number(fields[12]), nice: Number(fields[16]) };
    }),
  );
  const all = threads.reduce((sum, { time }) => sum + time, 0);
  return threads.reduce((sum, { time, nice }) => sum + (nice > 0 ? time : 0), 0) / all;
}

/** In hundredths of a second, all threads. */
async function processorTime(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

async function end(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}

async function latencyOf(
  { studyInstanceUID, files }: LoadStudy,
  service: RunningService,
  client: OrthancClient,
  orthanc: RunningOrthanc,
): Promise<number> {
  const since = await client.lastChange();
  await sendByCStore(files, orthanc);
  const id = await client.findStudy(studyInstanceUID);
  const stableAt = await momentOf(async () =>
    (await client.changes(since, 1_000)).changes.some((one) => one.type === 'StableStudy' && one.id === id),
  );
  return (await momentOf(async () => (await service.store.results.currentResult(studyInstanceUID)) !== undefined)) - stableAt;
}

async function momentOf(isSo: () => Promise<boolean>): Promise<number> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 10));
  return performance.now();
}

function percentile95(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.ceil(0.95 * values.length) - 1]!;
}
