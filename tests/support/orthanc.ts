import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before } from 'node:test';
import { startPrivateOrthanc, type PrivateOrthancOptions, type RunningOrthanc } from '../../src/orthanc/private-orthanc.js';
import { clientsOf, type Clients } from './clients.js';
import { descendantsOf } from './processes.js';

/** A private Orthanc for the tests of one file. Its fields are there once the tests run, not while they are declared. */
export interface TestOrthanc extends Clients {
  readonly orthanc: RunningOrthanc;
}

export type TestOrthancOptions = Omit<PrivateOrthancOptions, 'directory'>;

/**
 * Starts one before the tests of the enclosing suite (or file) and ends it after them. When the file ends, nothing that this
 * process started may run: that is checked, and is a failure of the test file.
 */
export function useOrthanc(options: TestOrthancOptions = {}): TestOrthanc {
  let started: TestOrthanc | undefined;
  const directory = temporaryDirectory('orthanc');
  before(async () => {
    started = await open({ stableAgeSeconds: 1, ...options, directory });
  });
  after(() => close(started));
  checkAtTheEnd();
  const get = () => {
    assert.ok(started, 'the private Orthanc is there only while the tests run');
    return started;
  };
  return {
    get orthanc() {
      return get().orthanc;
    },
    get client() {
      return get().client;
    },
    get dicomWeb() {
      return get().dicomWeb;
    },
    get endpoint() {
      return get().endpoint;
    },
  };
}

/** The same around one function. */
export async function withOrthanc<T>(test: (started: TestOrthanc) => Promise<T>, options: TestOrthancOptions = {}): Promise<T> {
  const started = await open({ stableAgeSeconds: 1, ...options, directory: temporaryDirectory('orthanc') });
  try {
    return await test(started);
  } finally {
    await close(started);
    assert.equal(started.orthanc.process, undefined);
  }
}

const temporary: string[] = [];
process.once('exit', () => {
  for (const directory of temporary) rmSync(directory, { recursive: true, force: true });
});

/** A folder of its own, removed when the process ends. */
export function temporaryDirectory(name: string): string {
  const directory = mkdtempSync(path.join(tmpdir(), `chest-ai-${name}-`));
  temporary.push(directory);
  return directory;
}

/** Fails if a child of this process is still running, or a child of one. Linux; elsewhere it sees nothing. */
export function assertNothingRuns(): void {
  const left = descendantsOf(process.pid).map((one) => `${one.pid} ${one.name}`);
  assert.deepEqual(left, [], 'these processes were left running');
}

let checking = false;

/** When the process ends: a suite's own hooks, which stop its service, may run after those that are registered here. */
function checkAtTheEnd(): void {
  if (checking) return;
  checking = true;
  process.once('exit', () => {
    try {
      assertNothingRuns();
    } catch (error) {
      console.error(error);
      process.exitCode = 1;
    }
  });
}

async function open(options: PrivateOrthancOptions): Promise<TestOrthanc> {
  const orthanc = await startPrivateOrthanc(options);
  return { orthanc, ...clientsOf(orthanc) };
}

async function close(started: TestOrthanc | undefined): Promise<void> {
  started?.client.close();
  started?.dicomWeb.close();
  // The hard way: nobody needs the data any more, and an orderly end takes a second and a half.
  await started?.orthanc.kill();
}
