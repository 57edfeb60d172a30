import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { eventually } from '../support/eventually.js';
import { limitHere } from '../support/machine-speed.js';
import { temporaryDirectory, type TestOrthanc } from '../support/orthanc.js';
import { decodersOf } from '../support/processes.js';
import type { IndexContent, Notice, Order } from './service-process.js';
import type { Clock } from './shifted-clock.js';
import { twoFindingModel } from '../support/two-finding-model.js';

interface Running {
  readonly process: ChildProcess;
  readonly output: () => string;
}

/** The processes of the service with their supervisor: one that ends is started again. */
export class ServiceProcesses {
  readonly directories: readonly string[];
  /** Processes that ended without being told to. */
  readonly crashes: string[] = [];
  readonly #running = new Map<string, Running>();
  #ended = '';
  #clock: Clock = { offsetMs: 0, timeZone: 'UTC' };
  #orders = 0;
  /** While it is true, nothing is started again. */
  #isHalted = false;

  /** @param parent where the folders are made: a small disk, to fill it */
  constructor(
    private readonly pacs: TestOrthanc,
    private readonly url: string,
    private readonly databaseUrl: string | undefined,
    processes: number,
    parent: string | undefined,
  ) {
    this.directories = Array.from({ length: processes }, () =>
      parent === undefined ? temporaryDirectory('soak') : mkdtempSync(join(parent, 'service-')),
    );
    for (const directory of this.directories) mkdirSync(join(directory, 'retraining', 'pictures'), { recursive: true, mode: 0o700 });
  }

  async startAll(): Promise<void> {
    this.#isHalted = false;
    await Promise.all(this.directories.map((directory) => this.#start(directory)));
  }

  /** kill -9, and a new start. */
  async killOne(random: () => number): Promise<void> {
    const directory = this.#any(random);
    await this.#end(directory, 'SIGKILL');
    await this.#start(directory);
  }

  /** SIGTERM, and a new start. */
  async restartOne(random: () => number): Promise<void> {
    const directory = this.#any(random);
    await this.#end(directory, 'SIGTERM');
    await this.#start(directory);
  }

  /** Ends all and starts none again until startAll. */
  async halt(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#isHalted = true;
    await Promise.all(this.directories.map((directory) => this.#end(directory, signal)));
  }

  setClock(clock: Clock): void {
    this.#clock = clock;
    for (const { process } of this.#running.values()) if (process.connected) process.send({ order: 'clock', clock } satisfies Order);
  }

  get clock(): Clock {
    return this.#clock;
  }

  decoders(): readonly number[] {
    return [...this.#running.values()].flatMap((one) => decodersOf(one.process.pid!));
  }

  /** Results that the processes have logged. */
  results(): number {
    return [...this.output().matchAll(/study (reported|skipped) {2}study=/g)].length;
  }

  output(): string {
    return this.#ended + [...this.#running.values()].map((one) => one.output()).join('');
  }

  /** As the first process reads it from the database. */
  async readIndex(timeoutMs = 20_000): Promise<IndexContent> {
    const [first] = this.#running.values();
    if (!first?.process.connected) throw new Error('no process of the service is running');
    const id = ++this.#orders;
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer);
        first.process.off('message', onMessage);
        first.process.off('exit', onExit);
      };
      const onMessage = (notice: Notice): void => {
        if (notice.notice === 'running' || notice.id !== id) return;
        finish();
        if (notice.notice === 'index') resolve(notice.index);
        else reject(new Error(`the index cannot be read: ${notice.reason}`));
      };
      const onExit = (): void => {
        finish();
        reject(new Error('the process ended'));
      };
      const timer = setTimeout(() => {
        finish();
        reject(new Error(`the index was not read within ${timeoutMs} ms`));
      }, timeoutMs);
      first.process.on('message', onMessage);
      first.process.once('exit', onExit);
      first.process.send({ order: 'index', id } satisfies Order);
    });
  }

  #any(random: () => number): string {
    return this.directories[Math.floor(random() * this.directories.length)]!;
  }

  async #start(directory: string): Promise<void> {
    // The database may be down at the moment; systemd and Docker try again, too.
    await eventually('the service starts', () => this.#startOnce(directory), { timeoutMs: 120_000, intervalMs: 500 });
  }

  async #startOnce(directory: string): Promise<void> {
    const configFile = join(directory, 'config.yaml');
    writeFileSync(configFile, configuration, { mode: 0o600 });
    const child = fork(fileURLToPath(new URL('service-process.js', import.meta.url)), [], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: {
        PATH: process.env['PATH'],
        MODEL_DIR: twoFindingModel,
        ORTHANC_URL: this.url,
        ORTHANC_USERNAME: this.pacs.orthanc.username,
        ORTHANC_PASSWORD: this.pacs.orthanc.password,
        DATA_DIR: directory,
        CONFIG_FILE: configFile,
        PORT: '0',
        ANALYSE_ARCHIVE: 'true',
        SOAK_CLOCK: JSON.stringify(this.#clock),
        ...(this.databaseUrl ? { DATABASE_URL: this.databaseUrl } : {}),
      },
    });
    let output = '';
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const running = new Promise<void>((resolve, reject) => {
      child.on('message', (notice: Notice) => notice.notice === 'running' && resolve());
      child.once('exit', (code, signal) => reject(new Error(`the service ended with ${code ?? signal}: ${output.slice(-500)}`)));
    });
    const startMs = limitHere(60_000);
    const timeout = sleep(startMs, undefined, { ref: false }).then(() => {
      throw new Error(`the service did not start within ${startMs} ms: ${output.slice(-500)}`);
    });
    await Promise.race([running, timeout]).catch((error: unknown) => {
      child.kill('SIGKILL');
      throw error;
    });
    this.#running.set(directory, { process: child, output: () => output });
    child.once('exit', (code, signal) => void this.#onExit(directory, child, code ?? signal));
  }

  /** As systemd does after `Restart=on-failure`. */
  async #onExit(directory: string, child: ChildProcess, how: number | string | null): Promise<void> {
    const ended = this.#running.get(directory);
    if (ended?.process !== child) return;
    this.#ended += ended.output();
    this.#running.delete(directory);
    this.crashes.push(`a process of the service ended by itself (${how}): ${ended.output().slice(-1_000)}`);
    if (!this.#isHalted) await this.#start(directory).catch(() => undefined);
  }

  async #end(directory: string, signal: NodeJS.Signals): Promise<void> {
    const running = this.#running.get(directory);
    if (!running) return;
    this.#running.delete(directory);
    if (running.process.exitCode === null && running.process.signalCode === null) {
      const exit = once(running.process, 'exit');
      running.process.kill(signal);
      await exit;
    }
    this.#ended += running.output();
  }
}

const configuration = `orthanc: { pollIntervalMs: 200, stabilityCheckMs: 300, requestTimeoutMs: 3000, sweepIntervalMs: 10000 }
engine: { prefer: onnx-cpu, threads: 1 }
work: { studies: 2, decoders: 1 }
`;
