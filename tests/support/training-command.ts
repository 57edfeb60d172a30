import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/config.js';
import { twoFindingModel } from './two-finding-model.js';

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export const environment = (dataDir: string): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  DATA_DIR: dataDir,
  ENGINE: 'onnx-cpu',
  MODEL_DIR: twoFindingModel,
});

/** Runs the command line with a data directory of its own. */
export function chestAi(dataDir: string, ...args: readonly string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(projectRoot, 'dist/src/cli.js'), ...args],
      { cwd: projectRoot, env: environment(dataDir), timeout: 180_000, maxBuffer: 2 ** 24 },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : null, stdout, stderr });
      },
    );
  });
}

/** The weights of every version in a registry: what training came to, to the byte. */
export function weightsIn(dataDir: string): readonly string[] {
  const versions = join(dataDir, 'models/versions');
  if (!existsSync(versions)) return [];
  return readdirSync(versions).map(
    (name) =>
      (JSON.parse(readFileSync(join(versions, name, 'model.json'), 'utf8')) as { networks: { xray: { sha256: string } } }).networks.xray
        .sha256,
  );
}
