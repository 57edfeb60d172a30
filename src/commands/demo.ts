import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startService, type RunningService } from '../service/start-service.js';
import { fetchViewer } from '../server/viewer-files.js';
import { loadConfig } from '../config.js';
import { Fault } from '../errors.js';
import { createLog, type Log } from '../log.js';
import { sampleRadiographs } from '../samples/radiographs.js';
import { sampleStudies, type SampleStudy } from '../samples/sample-studies.js';
import { firstLoginFile } from '../server/access/first-account.js';
import { hashPassword } from '../server/access/password.js';
import type { ResultRow } from '../store/results.js';
import { resultLine } from './result-line.js';

const patienceMs = 180_000;

/**
 * `demo`: a private Orthanc, the service, published radiographs and synthetic studies of which one knows what has to come of them. Everything
 * lives in a folder of its own that is removed at the end.
 */
export async function demo(options: { readonly once: boolean; readonly viewer: boolean }): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'chest-ai-demo-'));
  const base = loadConfig();
  const { url: _url, ...orthanc } = base.orthanc;
  const config = {
    ...base,
    dataDir,
    database: {},
    // Of its own, because the page changes it.
    routingFile: join(dataDir, 'routing.yaml'),
    orthanc: { ...orthanc, privateStableAgeSeconds: 2 },
    server: { ...base.server, port: options.once ? 0 : base.server.port },
    // The samples are older than what arrives in a hospital; here they wait to be read all the same.
    triage: { ...base.triage, maxStudyAgeDays: 36_500 },
  };
  if (base.dataDir !== loadConfig({}).dataDir)
    console.error('The demo keeps its data in a folder of its own and removes it at the end; DATA_DIR is not used.');
  const log = createLog({ ...config.log, level: options.once ? 'warn' : config.log.level });
  let service: RunningService | undefined;
  try {
    await copyFile(base.routingFile, config.routingFile);
    if (options.viewer && !options.once && !config.viewer.directory) await viewerIfPossible(config.viewer.cache, log);
    service = await startService(config, log);
    const samples = [...(await sampleRadiographs()), ...sampleStudies()];
    for (const sample of samples) await service.pacs.dicomWeb.storeInstances(sample.files);
    log.info('sample studies sent', { studies: samples.length });
    const complete = await showOutcomes(samples, service);
    if (options.once) {
      if (!complete) process.exitCode = 1;
      return;
    }
    const [name, password] = (await readFile(firstLoginFile(dataDir), 'utf8')).trim().split('\n') as [string, string];
    // It lives as long as the demo: nobody has to think of one of their own.
    await service.store.accounts.setPassword(name, await hashPassword(password), { mustChange: false });
    console.log(`\nLog in as ${name}, password ${password}`);
    console.log(`Worklist: ${service.url}    Orthanc: ${service.pacs.url}    (Ctrl-C ends it)`);
    console.log(
      'Not for diagnosis. Studies of PHANTOM are synthetic; the other radiographs were published by NIH and Hannover Medical School (radiographs/README.md).',
    );
    await new Promise<void>((resolve) => {
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolve());
    });
  } finally {
    await service?.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** The demo goes on without it. */
async function viewerIfPossible(cache: string, log: Log): Promise<void> {
  try {
    await fetchViewer(cache, log);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    log.warn('the demo runs without the viewer', { reason: error.detail });
  }
}

/** Prints a line a study as its outcome comes. @returns whether every sample has the outcome that it has to have */
async function showOutcomes(samples: readonly SampleStudy[], { store }: RunningService): Promise<boolean> {
  const waiting = new Map(samples.map((sample) => [sample.studyInstanceUID as string, sample]));
  const deadline = Date.now() + patienceMs;
  let unexpected = 0;
  while (waiting.size > 0 && Date.now() < deadline) {
    for (const [uid, sample] of waiting) {
      const result = await store.results.currentResult(uid);
      if (!result) continue;
      waiting.delete(uid);
      const asExpected = isExpected(result, sample);
      if (!asExpected) unexpected++;
      console.log(`${resultLine(result)}  (${sample.title}${asExpected ? '' : `; expected ${sample.expected}`})`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  for (const [uid, sample] of waiting) console.log(`${uid}  no outcome within ${patienceMs / 1000} s  (${sample.title})`);
  return waiting.size === 0 && unexpected === 0;
}

function isExpected(result: ResultRow, sample: SampleStudy): boolean {
  return sample.expected === undefined || result.outcome === sample.expected;
}
