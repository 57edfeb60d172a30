import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { projectRoot } from '../../src/config.js';
import { findOrthanc } from '../../src/orthanc/find-orthanc.js';

/** Names the Orthanc of the tests: "installed" (the default), or a version for which tests/support has a script, as "1.12". */
export const orthancVariable = 'CHEST_AI_TEST_ORTHANC';

/**
 * Puts the Orthanc that the environment names first in PATH, for this process and what it starts.
 *
 * @returns its version, as in "1.12.7"; undefined if none is installed
 * @throws Error if the one that is named cannot be had
 */
export async function selectOrthanc(): Promise<string | undefined> {
  const wanted = process.env[orthancVariable] ?? 'installed';
  if (wanted !== 'installed') {
    if (!/^\d+\.\d+$/.test(wanted)) throw new Error(`${orthancVariable}: expected "installed" or a version as in 1.12, found "${wanted}"`);
    const { status, stdout, error } = spawnSync(join(projectRoot, `tests/support/orthanc-${wanted}.sh`), {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (status !== 0) throw new Error(`${orthancVariable}: Orthanc ${wanted} cannot be had here${error ? `: ${error.message}` : ''}`);
    process.env['PATH'] = `${stdout.trim()}${delimiter}${process.env['PATH'] ?? ''}`;
  }
  const found = await findOrthanc();
  const version = found?.kind === 'program' ? found.version : undefined;
  if (wanted !== 'installed' && !version?.startsWith(`${wanted}.`))
    throw new Error(`${orthancVariable}: expected Orthanc ${wanted}, found ${version ?? 'none'}`);
  return version;
}

/** Whether a test file starts an Orthanc, itself or by a program that does. */
export function startsOrthanc(source: string): boolean {
  return /\b(useOrthanc|usePageService|withOrthanc|startPrivateOrthanc|findOrthanc|soakBriefly)\(|\['demo'|'Orthanc', \[/.test(
    readFileSync(source, 'utf8'),
  );
}
