import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startService, type RunningService } from '../../src/service/start-service.js';
import { openAnalyser } from '../../src/service/open-analyser.js';
import type { StudyInstanceUID } from '../../src/dicom/uid.js';
import { silentLog } from '../../src/log.js';
import { OrthancClient } from '../../src/orthanc/client.js';
import { startPrivateOrthanc, type RunningOrthanc } from '../../src/orthanc/private-orthanc.js';
import { sampleLoad, type LoadStudy } from '../../src/samples/sample-load.js';
import { configFor } from '../support/service.js';
import { sendByCStore } from '../support/send.js';
import { figure } from './history/figures.js';
import { median, spread } from './median.js';

const latencyStudies = 15;
const throughputStudies = 24;

export const title = 'From the stable study to the stored report';

/** 2500 × 2048 CR studies from Orthanc to report and back: how long one takes, where the time goes, how many go through. */
export async function bench(): Promise<void> {
  const load = [...sampleLoad(throughputStudies, 'bench')];
  await latency(load.slice(0, latencyStudies));
  await throughput(load);
}

/** One study at a time, from the moment Orthanc calls it stable to the moment its text report is in Orthanc. */
async function latency(load: readonly LoadStudy[]): Promise<void> {
  await withOrthanc(async (orthanc, directory) => {
    const service = await startService(
      { ...configFor(orthanc, { dataDir: join(directory, 'service') }), orthanc: { ...configFor(orthanc).orthanc, pollIntervalMs: 1_000 } },
      silentLog,
    );
    const client = new OrthancClient({ url: orthanc.url, username: orthanc.username, password: orthanc.password, timeoutMs: 10_000 });
    try {
      const waits: number[] = [];
      const splits: Readonly<Record<string, number>>[] = [];
      for (const { studyInstanceUID, files } of load) {
        const since = await client.lastChange();
        await sendByCStore(files, orthanc);
        const id = await client.findStudy(studyInstanceUID);
        const stableAt = await momentOf(async () =>
          (await client.changes(since, 1_000)).changes.some((one) => one.type === 'StableStudy' && one.id === id),
        );
        const doneAt = await momentOf(async () => (await service.store.results.currentResult(studyInstanceUID)) !== undefined);
        waits.push(doneAt - stableAt);
        splits.push((await service.store.results.currentResult(studyInstanceUID))!.timingsMs);
      }
      const [, ...warm] = waits;
      console.log(`StableStudy → result in Orthanc: ${spread(warm)} (the first, with everything cold: ${waits[0]!.toFixed(0)} ms)`);
      const steps = median(splits.slice(1).map((one) => Object.values(one).reduce((sum, ms) => sum + ms, 0)));
      console.log(`the sum of its steps: ${steps.toFixed(0)} ms`);
      figure('report steps', steps);
      figure('report over its steps', median(warm) / steps);
      for (const step of Object.keys(splits[0]!))
        console.log(`  ${step.padEnd(10)} ${spread(splits.slice(1).map((one) => one[step] ?? 0))}`);
    } finally {
      client.close();
      await service.stop();
    }
  });
}

/** All studies wait in Orthanc when the service starts. */
async function throughput(load: readonly LoadStudy[]): Promise<void> {
  for (const workers of [1, 2, 4]) {
    await withOrthanc(async (orthanc, directory) => {
      for (const { files } of load) await sendByCStore(files, orthanc);
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      const config = configFor(orthanc, {
        dataDir: join(directory, 'service'),
        work: { studies: workers, decoders: Math.min(2, workers) },
      });
      const service = await startService(config, silentLog);
      try {
        const started = performance.now();
        await allDone(
          service,
          load.map((one) => one.studyInstanceUID),
        );
        const perMinute = (load.length * 60_000) / (performance.now() - started);
        const bound = await decodeAndInfer(load, workers, directory, orthanc);
        figure(`throughput ${workers}`, perMinute / bound);
        console.log(
          `${workers} worker${workers > 1 ? 's' : ''}: ${perMinute.toFixed(0)} studies a minute; decode + infer alone: ${bound.toFixed(0)} (${((100 * perMinute) / bound).toFixed(0)} %)`,
        );
      } finally {
        await service.stop();
      }
    });
  }
}

/** The same files through the same decoders and network, without Orthanc, queue, documents. @returns studies a minute */
async function decodeAndInfer(load: readonly LoadStudy[], workers: number, directory: string, orthanc: RunningOrthanc): Promise<number> {
  const analyser = await openAnalyser(
    configFor(orthanc, { dataDir: join(directory, 'bound'), work: { studies: workers, decoders: Math.min(2, workers) } }),
    silentLog,
  );
  try {
    const waiting = [...load];
    const started = performance.now();
    await Promise.all(
      Array.from({ length: workers }, async () => {
        for (let next = waiting.shift(); next; next = waiting.shift()) {
          const { image } = await analyser.reader.readXray(next.files[0]!);
          await analyser.model.predictXrays([image]);
        }
      }),
    );
    return (load.length * 60_000) / (performance.now() - started);
  } finally {
    await analyser.close();
  }
}

async function allDone(service: RunningService, studies: readonly StudyInstanceUID[]): Promise<void> {
  await momentOf(async () => (await service.store.results.withoutResult(studies)).length === 0);
}

async function momentOf(isSo: () => Promise<boolean>): Promise<number> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 10));
  return performance.now();
}

async function withOrthanc(work: (orthanc: RunningOrthanc, directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'chest-ai-bench-'));
  const orthanc = await startPrivateOrthanc({ directory: join(directory, 'orthanc'), stableAgeSeconds: 1 });
  try {
    await work(orthanc, directory);
  } finally {
    await orthanc.kill();
    await rm(directory, { recursive: true, force: true });
  }
}
