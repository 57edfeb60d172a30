import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readPart10 } from '../../src/dicom/part10.js';
import type { StudyInstanceUID } from '../../src/dicom/uid.js';
import { silentLog } from '../../src/log.js';
import { textSeeded } from '../../src/lib/seeded-random.js';
import { openStore } from '../../src/store/store.js';
import { chestStudy, type TestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { startFaultyProxy } from '../support/faulty-proxy.js';
import { temporaryDirectory, withOrthanc, type TestOrthanc } from '../support/orthanc.js';
import { decodersOf } from '../support/processes.js';
import { startPostgres } from '../support/postgres.js';
import { sendByStow } from '../support/send.js';
import { documentsOf, spawnService, type SpawnedService } from '../support/service.js';
import { mountSmallDisk } from '../support/small-disk.js';
import { validateDocument } from '../support/validate-document.js';
import { injectedFaultsOf, type Infrastructure } from './injected-faults.js';

export interface SoakOptions {
  readonly studies: number;
  readonly seed: string;
  /** Processes of the service that share the work. */
  readonly processes: number;
  /** How long to wait at the end until everything is done. */
  readonly patienceMs: number;
  readonly say: (line: string) => void;
}

export interface SoakResult {
  readonly studies: number;
  /** Injected faults of every kind. */
  readonly kills: number;
  /** Studies without a current result. */
  readonly lost: number;
  /** Studies with more than one current result, in the PACS or in the index. */
  readonly duplicated: number;
  /** Jobs that are neither done nor due. */
  readonly stuck: number;
  /** Documents that are not whole or not valid, files left behind half-written. */
  readonly damaged: number;
  /** From the end of a fault to the next result, while there was work. */
  readonly recoverySeconds: { readonly median: number; readonly max: number };
  readonly faults: Readonly<Record<string, number>>;
  readonly notTried: readonly string[];
}

/**
 * Sends studies to a real Orthanc while, at random from a seed, the service, Orthanc and PostgreSQL are killed and started again,
 * the disk fills and the network stalls; then counts the results. Sending is repeated until Orthanc accepts the study, as a modality does.
 */
export async function soak({ studies: count, seed, processes, patienceMs, say }: SoakOptions): Promise<SoakResult> {
  return withOrthanc(async (pacs) => {
    const random = textSeeded(seed);
    const mounted = mountSmallDisk(256);
    const disk = 'whyNot' in mounted ? undefined : mounted;
    const postgres = await startPostgres(disk?.directory);
    const databaseUrl = await postgres.createDatabase();
    const proxy = await startFaultyProxy(pacs.orthanc);
    const service = new Service(pacs, proxy.url, databaseUrl);
    try {
      for (let n = 0; n < processes; n++) await service.start();
      const infrastructure: Infrastructure = {
        pacs,
        proxy,
        postgres,
        disk,
        killService: (from) => service.killOne(from),
        decoders: () => service.decoders(),
      };
      const faults = injectedFaultsOf(infrastructure);
      const studies = Array.from({ length: count }, (_, n) => chestStudy(`soak ${seed} ${n}`));
      let sent = 0;
      let sending: Promise<void> = Promise.resolve();
      const injected: Record<string, number> = {};
      const recoveries: number[] = [];
      // Each kind once, in random order, then kinds at random; each is injected while studies are being sent or have just been sent.
      const bag = [...faults].sort(() => random() - 0.5);
      for (let from = 0; from < count || bag.length > 0; from += studiesPerFault) {
        sending = sending.then(() => sendAll(studies.slice(from, from + studiesPerFault), pacs, () => sent++));
        await sleep(200 + random() * 2_300);
        const fault = bag.pop() ?? faults[Math.floor(random() * faults.length)]!;
        injected[fault.name] = (injected[fault.name] ?? 0) + 1;
        await fault.inject(infrastructure, random);
        const endedAt = Date.now();
        await sending;
        const before = service.results();
        const working = sent > before;
        if (working)
          await eventually('a result after the fault', () => assert.ok(service.results() > before), {
            timeoutMs: 120_000,
            intervalMs: 50,
          });
        const seconds = (Date.now() - endedAt) / 1000;
        if (working) recoveries.push(seconds);
        say(
          `${fault.name.padEnd(20)} sent ${sent}, results ${service.results()}${working ? `, next result after ${seconds.toFixed(1)} s` : ''}`,
        );
      }
      const counted = await countUp(studies, pacs, databaseUrl, patienceMs, service.directories);
      recoveries.sort((a, b) => a - b);
      return {
        studies: count,
        kills: Object.values(injected).reduce((sum, n) => sum + n, 0),
        ...counted,
        recoverySeconds: { median: recoveries[Math.floor(recoveries.length / 2)] ?? 0, max: recoveries.at(-1) ?? 0 },
        faults: injected,
        notTried: 'whyNot' in mounted ? [`disk full: ${mounted.whyNot}`] : [],
      };
    } finally {
      await service.killAll();
      await proxy.close();
      await postgres.stop();
      disk?.unmount();
    }
  });
}

const studiesPerFault = 2;

/** The processes of the service, with their output since the start. */
class Service {
  readonly directories: string[] = [];
  readonly #running = new Map<string, SpawnedService>();
  #ended = '';

  constructor(
    private readonly pacs: TestOrthanc,
    private readonly url: string,
    private readonly databaseUrl: string,
  ) {}

  async start(dataDir = temporaryDirectory('soak')): Promise<void> {
    if (!this.directories.includes(dataDir)) this.directories.push(dataDir);
    const configFile = join(dataDir, 'config.yaml');
    writeFileSync(
      configFile,
      'orthanc: { pollIntervalMs: 300, stabilityCheckMs: 500, requestTimeoutMs: 3000, sweepIntervalMs: 15000 }\nengine: { prefer: onnx-cpu, threads: 1 }\nwork: { studies: 2, decoders: 1 }\n',
    );
    // A supervisor repeats the start until it succeeds: the database may be down at the moment.
    await eventually(
      'the service starts',
      async () => {
        this.#running.set(
          dataDir,
          await spawnService(this.pacs.orthanc, {
            url: this.url,
            dataDir,
            environment: { DATABASE_URL: this.databaseUrl, CONFIG_FILE: configFile },
          }),
        );
      },
      { timeoutMs: 120_000, intervalMs: 500 },
    );
  }

  async killOne(random: () => number): Promise<void> {
    const all = [...this.#running];
    const [dataDir, victim] = all[Math.floor(random() * all.length)]!;
    this.#running.delete(dataDir);
    await victim.kill();
    this.#ended += victim.output();
    await this.start(dataDir);
  }

  async killAll(): Promise<void> {
    for (const one of this.#running.values()) await one.kill();
  }

  decoders(): readonly number[] {
    return [...this.#running.values()].flatMap((one) => decodersOf(one.process.pid!));
  }

  /** Number of studies that a process has logged as reported. */
  results(): number {
    const output = this.#ended + [...this.#running.values()].map((one) => one.output()).join('');
    return new Set([...output.matchAll(/study reported {2}study=(\S+)/g)].map((match) => match[1])).size;
  }
}

async function sendAll(studies: readonly TestStudy[], { dicomWeb }: TestOrthanc, taken: () => void): Promise<void> {
  for (const { files } of studies) {
    await eventually('Orthanc takes a study', () => sendByStow(files, dicomWeb), { timeoutMs: 120_000, intervalMs: 300 });
    taken();
  }
}

async function countUp(
  studies: readonly TestStudy[],
  { dicomWeb }: TestOrthanc,
  databaseUrl: string,
  patienceMs: number,
  directories: readonly string[],
): Promise<Pick<SoakResult, 'lost' | 'duplicated' | 'stuck' | 'damaged'>> {
  const store = await openStore({ databaseUrl }, silentLog);
  try {
    const left = async (): Promise<number> =>
      (
        await store.sql.query<{ n: number }>({
          text: `SELECT count(*)::int AS n FROM chest_ai_jobs.job WHERE state::text IN ('created', 'retry', 'active', 'failed')`,
        })
      ).rows[0]!.n;
    const currentTexts = async (study: StudyInstanceUID): Promise<number> =>
      (await documentsOf(dicomWeb, study)).current.filter((one) => one.kind === 'text').length;
    await eventually(
      'everything is done',
      async () => {
        for (const { studyInstanceUID } of studies) assert.ok((await currentTexts(studyInstanceUID)) > 0, studyInstanceUID);
        assert.equal(await left(), 0);
      },
      { timeoutMs: patienceMs, intervalMs: 1_000 },
    ).catch(() => undefined);

    let [lost, duplicated, damaged] = [0, 0, 0];
    for (const { studyInstanceUID } of studies) {
      const texts = await currentTexts(studyInstanceUID);
      const rows = (await store.results.ofStudy(studyInstanceUID)).filter((one) => one.isCurrent).length;
      if (texts === 0 || rows === 0) lost++;
      if (texts > 1 || rows > 1) duplicated++;
      for (const { reference, kind } of (await documentsOf(dicomWeb, studyInstanceUID)).all) {
        const bytes = await dicomWeb.retrieveInstance(studyInstanceUID, reference.seriesInstanceUID, reference.sopInstanceUID);
        readPart10(bytes);
        const { errors } = await validateDocument(bytes);
        if (errors.length > 0) damaged++;
        assert.ok(kind);
      }
    }
    const halfWritten = directories
      .flatMap((directory) => readdirSync(directory, { recursive: true, encoding: 'utf8' }))
      .filter((name) => /\.(tmp|part)$|first-login\.txt\./.test(name));
    return { lost, duplicated, stuck: await left(), damaged: damaged + halfWritten.length };
  } finally {
    await store.close();
  }
}
