import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { childEnvironment, containerVariables } from '../lib/child-environment.js';
import { Fault } from '../errors.js';
import { findOrthanc, type OrthancProgram } from './find-orthanc.js';
import { freePorts } from './free-ports.js';
import { HttpExchange } from '../http/http-exchange.js';
import { pacsAddress } from '../http/pacs-address.js';
import { privateConfig, randomCredentials, type PrivateOrthancOptions, type PrivateSettings } from './private-config.js';
import { endProcess, isRunning, nameProcess, readRecord, removeRecord, writeRecord } from './process-record.js';

export type { PrivateOrthancOptions } from './private-config.js';

export interface RunningOrthanc {
  readonly url: string;
  /** Root of DICOMweb. */
  readonly dicomWebUrl: string;
  readonly dicomPort: number;
  readonly aet: string;
  readonly username: string;
  readonly password: string;
  readonly directory: string;
  /** Of the present process; another one after a restart. Undefined while it is stopped. */
  readonly process: ChildProcess | undefined;
  /** Ends it in an orderly way (about a second) and returns when it is gone. Stopping twice is allowed. */
  stop(): Promise<void>;
  /** Ends it the hard way, as a power cut would, and returns when it is gone. */
  kill(which?: NodeJS.Signals): Promise<void>;
  /** Stops it if it runs and starts it again: same data, ports and credentials. */
  restart(): Promise<void>;
}

/** A port that was free can be taken before Orthanc opens it. */
const attempts = 4;
const stopPatienceMs = 15_000;

/**
 * Starts an Orthanc of our own on this machine and waits until it answers.
 *
 * It does not outlive us: on Linux the kernel ends it when this process dies, however it dies; elsewhere it is ended at
 * our exit, or by the next start in the same folder, which finds it by orthanc.pid.
 *
 * @throws Fault orthanc-missing; config-invalid if the folder is in use; pacs-unreachable with the end of its log
 */
export async function startPrivateOrthanc(options: PrivateOrthancOptions, program?: OrthancProgram): Promise<RunningOrthanc> {
  const orthanc = program ?? (await findOrthanc());
  if (!orthanc) throw new Fault('orthanc-missing', 'install the packages orthanc and orthanc-dicomweb');
  const directory = path.resolve(options.directory);
  await mkdir(path.join(directory, 'db'), { recursive: true, mode: 0o700 });
  await endLeftover(directory);
  const credentials = options.credentials ?? randomCredentials();

  for (let attempt = 1; ; attempt++) {
    const [http, dicom] = await freePorts(2);
    const settings = { ...credentials, httpPort: options.httpPort ?? http!, dicomPort: options.dicomPort ?? dicom! };
    const instance = new PrivateOrthanc(orthanc, { ...options, directory }, settings);
    try {
      await instance.restart();
      return instance;
    } catch (thrown) {
      await instance.kill();
      const choosesPorts = options.httpPort === undefined || options.dicomPort === undefined;
      if (!(thrown instanceof PortTaken) || !choosesPorts || attempt === attempts) throw thrown;
    }
  }
}

class PortTaken extends Fault {}

class PrivateOrthanc implements RunningOrthanc {
  readonly url: string;
  readonly dicomWebUrl: string;
  readonly dicomPort: number;
  readonly username: string;
  readonly password: string;
  readonly directory: string;
  readonly aet: string;
  process: ChildProcess | undefined;
  private readonly endWithUs = () => void this.process?.kill('SIGTERM');

  constructor(
    private readonly program: OrthancProgram,
    private readonly options: PrivateOrthancOptions,
    private readonly settings: PrivateSettings,
  ) {
    this.url = `http://127.0.0.1:${settings.httpPort}`;
    this.dicomWebUrl = `${this.url}/dicom-web`;
    this.dicomPort = settings.dicomPort;
    this.username = settings.username;
    this.password = settings.password;
    this.directory = options.directory;
    this.aet = options.aet ?? 'CHESTAI';
  }

  async restart(): Promise<void> {
    await this.stop();
    const configFile = path.join(this.directory, 'orthanc.json');
    const place = placeOf(this.program, this.options);
    // 0600: it holds the password.
    await writeFile(configFile, JSON.stringify(privateConfig(this.options, this.settings, place), undefined, 2), { mode: 0o600 });
    const log = await open(path.join(this.directory, 'orthanc.log'), 'a', 0o600);
    const logStart = (await log.stat()).size;
    const [command, ...args] = orthancCommandLine(this.program, this.options, this.settings, configFile);
    const child = spawn(command!, args, {
      stdio: ['ignore', log.fd, log.fd],
      env: childEnvironment(this.options.environment, containerVariables),
    });
    this.process = child;
    const failed = new Promise<Error>((resolve) => child.once('error', resolve));
    await log.close();
    if (child.pid === undefined) throw new Fault('orthanc-missing', `it cannot be started (${(await failed).message})`);
    writeRecord(this.directory, { owner: nameProcess(process.pid), orthanc: nameProcess(child.pid) });
    process.once('exit', this.endWithUs);
    await this.untilItResponds(child, logStart);
  }

  stop(): Promise<void> {
    return this.end('SIGTERM');
  }

  kill(which: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    return this.end(which);
  }

  private async end(which: NodeJS.Signals): Promise<void> {
    const child = this.process;
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill(which);
      const insist = setTimeout(() => child.kill('SIGKILL'), stopPatienceMs);
      await ended;
      clearTimeout(insist);
    }
    if (child) removeRecord(this.directory);
    process.removeListener('exit', this.endWithUs);
    this.process = undefined;
  }

  private async untilItResponds(child: ChildProcess, logStart: number): Promise<void> {
    const http = new HttpExchange({ url: this.url, username: this.username, password: this.password, timeoutMs: 2_000 });
    const deadline = Date.now() + (this.options.startTimeoutMs ?? (this.program.kind === 'container' ? 300_000 : 30_000));
    try {
      while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
        const reply = await http.exchange({ path: pacsAddress(['system']) }).catch(() => undefined);
        // Another's server on our port would answer, but not with our password.
        if (reply?.status === 200) return;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    } finally {
      http.close();
    }
    const log = (await readFile(path.join(this.directory, 'orthanc.log'))).subarray(logStart).toString('utf8');
    const errors =
      log
        .split('\n')
        .filter((line) => line.startsWith('E'))
        .slice(-2)
        .join(' / ') || 'it does not answer';
    const portTaken = /in use|bind|Cannot create a DICOM server|HTTP port|listening ports/i.test(errors);
    throw new (portTaken ? PortTaken : Fault)('pacs-unreachable', `the private Orthanc did not start: ${errors.slice(0, 400)}`, {
      source: this.directory,
    });
  }
}

/** What a start in the same folder finds: a process whose owner has gone is ended, one in use is left alone. */
async function endLeftover(directory: string): Promise<void> {
  const record = readRecord(directory);
  if (record && isRunning(record.orthanc)) {
    if (isRunning(record.owner)) {
      throw new Fault(
        'config-invalid',
        `its private Orthanc is in use by process ${record.owner.pid}; stop that one or choose another DATA_DIR`,
        { source: directory },
      );
    }
    await endProcess(record.orthanc, stopPatienceMs);
  }
  removeRecord(directory);
}

function placeOf(program: OrthancProgram, options: PrivateOrthancOptions) {
  const luaScripts = (options.luaScripts ?? []).map((file) => path.resolve(file));
  if (program.kind === 'program') {
    return { storage: path.join(options.directory, 'db'), dicomWebPlugin: program.dicomWebPlugin, luaScripts, inContainer: false };
  }
  return {
    storage: '/chest-ai/db',
    dicomWebPlugin: '/usr/local/share/orthanc/plugins/libOrthancDicomWeb.so',
    luaScripts: luaScripts.map((file) => `/chest-ai-lua/${path.basename(file)}`),
    inContainer: true,
  };
}

/** Exported for its test. */
export function orthancCommandLine(
  program: OrthancProgram,
  options: PrivateOrthancOptions,
  settings: PrivateSettings,
  configFile: string,
): readonly string[] {
  // PR_SET_PDEATHSIG: the kernel sends SIGTERM when we die. setpriv is part of util-linux, which every Linux has.
  const endWithParent = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'TERM', '--'] : [];
  if (program.kind === 'program') return [...endWithParent, program.file, configFile];
  const environment = Object.entries(options.environment ?? {}).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
  const scripts = (options.luaScripts ?? []).flatMap((file) => [
    '--volume',
    `${path.resolve(file)}:/chest-ai-lua/${path.basename(file)}:ro`,
  ]);
  return [
    ...endWithParent,
    'docker',
    'run',
    '--rm',
    '--init',
    '--publish',
    `127.0.0.1:${settings.httpPort}:8042`,
    '--publish',
    `127.0.0.1:${settings.dicomPort}:4242`,
    '--volume',
    `${options.directory}:/chest-ai`,
    ...scripts,
    ...environment,
    program.image,
    '/chest-ai/orthanc.json',
  ];
}
