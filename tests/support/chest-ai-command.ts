import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from '../../src/config.js';
import { limitHere } from './machine-speed.js';
import { temporaryDirectory } from './orthanc.js';
import { twoFindingModel } from './two-finding-model.js';

export interface CommandRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly lines: readonly string[];
}

/** The program as a user calls it, in an environment of its own, with the tests' model; `MODEL_DIR: ''` is the model that ships. */
export function chestAi(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  timeoutMs = 60_000,
): Promise<CommandRun> {
  const env = {
    PATH: process.env['PATH'],
    DATA_DIR: temporaryDirectory('command'),
    ENGINE: 'onnx-cpu',
    PORT: '0',
    MODEL_DIR: twoFindingModel,
    ...environment,
  };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(projectRoot, 'dist/src/cli.js'), ...args],
      { cwd: projectRoot, env, timeout: limitHere(timeoutMs), maxBuffer: 2 ** 24 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
        resolve({ code, stdout, stderr, lines: stdout.split('\n').filter((line) => line !== '') });
      },
    );
  });
}

/** What a `--json` run printed, one object a line. */
export const objects = <T>({ lines }: CommandRun): readonly T[] => lines.map((line) => JSON.parse(line) as T);

export interface Analyzed {
  readonly file: string;
  readonly studyInstanceUID?: string;
  readonly outcome: 'reported' | 'skipped' | 'failed';
  readonly reason?: string;
  readonly findings: readonly {
    readonly name: string;
    readonly code: string;
    readonly probability: number;
    readonly decision: string;
    readonly isNotCalibratedHere?: true;
  }[];
  readonly engine: string;
  readonly modelVersion: string;
}

/** The contract of `analyze --json`: more keys are welcome, these stay. */
export function assertShape(result: Analyzed): void {
  assert.equal(typeof result.file, 'string');
  assert.ok(['reported', 'skipped', 'failed'].includes(result.outcome));
  assert.match(result.engine, /onnxruntime/);
  assert.match(result.modelVersion, /^[0-9a-f]{12}$/);
  assert.ok(Array.isArray(result.findings));
  if (result.outcome === 'reported') {
    assert.equal(result.reason, undefined);
    assert.ok(result.findings.length > 0);
  } else {
    assert.ok(result.reason && !/undefined|\[object|\n/.test(result.reason), `a reason in one sentence, found ${result.reason}`);
    assert.deepEqual(result.findings, []);
  }
  for (const { name, code, probability, decision } of result.findings) {
    assert.ok(name.length > 0 && code.length > 0);
    assert.ok(probability >= 0 && probability <= 1);
    assert.ok(['present', 'absent', 'undetermined'].includes(decision));
  }
}
