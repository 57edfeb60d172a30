import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { childEnvironment, downloadVariables } from '../lib/child-environment.js';
import { Fault } from '../errors.js';
import type { Log } from '../log.js';

/** The viewer as its makers publish it on npm: 50 MB, 200 MB on disk; too much to be a dependency. */
const viewerPackage = {
  name: '@ohif/app',
  version: '3.13.2',
  /** Of the tarball, as the registry states it. */
  integrity: 'sha512-WZdxmpmG7rqFgW9ZJLcbgr3XCtLi1KDNPoMaeY5PPe6j4G4fjEjjkycZM6C6Zk2F87BKxFfpq+jd5xXZB9E8EA==',
} as const;

const fetchTimeoutMs = 180_000;

/** Where the files lie below a cache folder. */
export function viewerDirectoryIn(cache: string): string {
  return join(cache, `ohif-app-${viewerPackage.version}`);
}

/**
 * The viewer's files, fetched with `npm pack` if they are not in the cache yet, and believed only if their hash is right.
 * They appear in one step: a fetch that was interrupted leaves nothing that looks whole.
 *
 * @returns the folder with index.html
 * @throws Fault `viewer-missing`
 */
export async function fetchViewer(cache: string, log: Log): Promise<string> {
  const directory = viewerDirectoryIn(cache);
  if (existsSync(join(directory, 'index.html'))) return directory;
  log.info('fetching the viewer', { package: `${viewerPackage.name}@${viewerPackage.version}`, into: cache });
  await mkdir(cache, { recursive: true });
  const scratch = await mkdtemp(join(cache, 'fetching-'));
  try {
    await run(
      'npm',
      ['pack', `${viewerPackage.name}@${viewerPackage.version}`, '--silent', '--ignore-scripts', '--pack-destination', scratch],
      scratch,
    );
    const [tarball] = (await readdir(scratch)).filter((name) => name.endsWith('.tgz'));
    if (!tarball) throw new Fault('viewer-missing', 'npm fetched nothing');
    const hash = `sha512-${createHash('sha512')
      .update(await readFile(join(scratch, tarball)))
      .digest('base64')}`;
    if (hash !== viewerPackage.integrity)
      throw new Fault('viewer-missing', `expected a tarball of ${viewerPackage.integrity.slice(0, 20)}…, found ${hash.slice(0, 20)}…`);
    await run('tar', ['xzf', tarball], scratch);
    await rename(join(scratch, 'package', 'dist'), directory).catch((error: unknown) => {
      // Another process was quicker.
      if (!existsSync(join(directory, 'index.html'))) throw error;
    });
    return directory;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function run(program: string, given: readonly string[], directory: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...given], {
      cwd: directory,
      env: childEnvironment({}, downloadVariables),
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: fetchTimeoutMs,
    });
    let errorOutput = '';
    child.stderr.on('data', (chunk: Buffer) => (errorOutput = (errorOutput + chunk.toString()).slice(-500)));
    child.on('error', (error) =>
      reject(new Fault('viewer-missing', `${program} cannot be started (${error.message})`, {}, { cause: error })),
    );
    child.on('exit', (code) =>
      code === 0
        ? resolve()
        : reject(
            new Fault('viewer-missing', `${program} ended with ${code ?? 'a signal'}: ${errorOutput.trim().split('\n').at(-1) ?? ''}`),
          ),
    );
  });
}
