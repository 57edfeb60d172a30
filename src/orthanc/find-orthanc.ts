import { execFile } from 'node:child_process';
import { access, readdir } from 'node:fs/promises';
import { constants } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { childEnvironment } from '../lib/child-environment.js';

const run = promisify(execFile);

/** An Orthanc that can be started here: a program with its DICOMweb plugin, or a container image. */
export type OrthancProgram =
  | { readonly kind: 'program'; readonly file: string; readonly dicomWebPlugin: string; readonly version: string }
  | { readonly kind: 'container'; readonly image: string };

/** Pinned: what a later image does to our configuration nobody has tried. */
export const orthancImage = 'jodogne/orthanc-plugins:1.12.4';

/** Debian, Ubuntu, LSB binaries, Homebrew. */
const programFiles = ['Orthanc', '/usr/sbin/Orthanc', '/usr/local/sbin/Orthanc', '/usr/local/bin/Orthanc', '/opt/orthanc/Orthanc'];
const pluginFolders = [
  '/usr/share/orthanc/plugins',
  '/usr/lib/orthanc',
  '/usr/local/share/orthanc/plugins',
  '/usr/local/lib/orthanc',
  '/opt/orthanc/plugins',
];

/** What is installed, or undefined. `ORTHANC_PROGRAM` in the environment of the process is not read here: see config. */
export async function findOrthanc(options: { readonly program?: string } = {}): Promise<OrthancProgram | undefined> {
  const dicomWebPlugin = await findPlugin();
  if (dicomWebPlugin === undefined) return undefined;
  for (const file of options.program ? [options.program] : programFiles) {
    const version = await versionOf(file);
    if (version !== undefined) return { kind: 'program', file, dicomWebPlugin, version };
  }
  return undefined;
}

/** libOrthancDicomWeb.so, .so.1.7, .dylib; the unversioned name first. Never a whole folder: orthanc-gdcm brings Orthanc down. */
async function findPlugin(): Promise<string | undefined> {
  for (const folder of pluginFolders) {
    const names = await readdir(folder).catch(() => []);
    const plugin = names.filter((name) => name.startsWith('libOrthancDicomWeb.')).sort()[0];
    if (plugin === undefined) continue;
    const file = path.join(folder, plugin);
    if (
      await access(file, constants.R_OK).then(
        () => true,
        () => false,
      )
    )
      return file;
  }
  return undefined;
}

async function versionOf(file: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(file, ['--version'], { timeout: 10_000, env: childEnvironment() });
    return /Orthanc\D*(\d+(?:\.\d+)+|mainline)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}
