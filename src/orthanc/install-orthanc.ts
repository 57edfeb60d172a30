import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { childEnvironment, containerVariables, downloadVariables } from '../lib/child-environment.js';
import { Fault } from '../errors.js';
import type { Log } from '../log.js';
import { findOrthanc, orthancImage, type OrthancProgram } from './find-orthanc.js';

const run = promisify(execFile);
const packages = ['orthanc', 'orthanc-dicomweb'];

/**
 * The Orthanc that is here; else the Debian packages, where we may install; else a container, where docker runs.
 *
 * On an ordinary host apt starts a system-wide Orthanc on ports 8042 and 4242 along with the package. Nobody asked for a
 * second PACS, so it is stopped and disabled again, unless the package was there before us.
 *
 * @param permitted whether the user allowed changes to this machine (packages, images)
 * @throws Fault orthanc-missing, with what a person can do
 */
export async function ensureOrthanc(options: { readonly permitted: boolean; readonly log: Log }): Promise<OrthancProgram> {
  const { permitted, log } = options;
  const found = await findOrthanc();
  if (found) return found;
  if (!permitted) throw missing('installing it was not permitted');

  const asRoot = await rootPrefix();
  let refusal = 'neither root rights with apt-get nor a running docker were found';
  if (asRoot && (await succeeds('apt-get', ['--version']))) {
    try {
      await installPackages(asRoot, log);
      const installed = await findOrthanc();
      if (installed) return installed;
      refusal = 'the packages were installed, but there is no Orthanc with the DICOMweb plugin among them';
    } catch (thrown) {
      refusal = `apt-get failed: ${lastLine(thrown)}`;
    }
  }
  if (await succeeds('docker', ['info'])) {
    log.info('using Orthanc from a container', { image: orthancImage });
    return { kind: 'container', image: orthancImage };
  }
  throw missing(refusal);
}

async function installPackages(asRoot: readonly string[], log: Log): Promise<void> {
  log.info('installing Orthanc from the packages of this system', { packages: packages.join(' ') });
  const apt = (...options: string[]) =>
    elevated(asRoot, 'env', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-o', 'DPkg::Lock::Timeout=120', ...options]);
  await apt('update').catch((thrown: unknown) =>
    log.warn('apt-get update failed; the earlier package lists are used', { reason: lastLine(thrown) }),
  );
  await apt('install', '-y', '--no-install-recommends', ...packages);
  if (await succeeds('systemctl', ['is-active', '--quiet', 'orthanc'])) {
    await elevated(asRoot, 'systemctl', ['disable', '--now', 'orthanc']).then(
      () => log.info('stopped and disabled the system-wide Orthanc that apt-get had started (ports 8042 and 4242)'),
      (thrown: unknown) =>
        log.warn('apt-get started a system-wide Orthanc (ports 8042 and 4242) that could not be stopped', { reason: lastLine(thrown) }),
    );
  }
}

/** How to run a command as root: directly, by sudo without a password, or not at all. */
async function rootPrefix(): Promise<readonly string[] | undefined> {
  if (process.getuid?.() === 0) return [];
  return (await succeeds('sudo', ['-n', 'true'])) ? ['sudo', '-n'] : undefined;
}

function environment(): NodeJS.ProcessEnv {
  return childEnvironment({}, [...downloadVariables, ...containerVariables]);
}

function elevated(asRoot: readonly string[], command: string, args: readonly string[]): Promise<unknown> {
  const [file, ...rest] = [...asRoot, command, ...args];
  return run(file!, rest, { timeout: 600_000, maxBuffer: 2 ** 26, env: environment() });
}

async function succeeds(file: string, args: readonly string[]): Promise<boolean> {
  return run(file, args, { timeout: 15_000, env: environment() }).then(
    () => true,
    () => false,
  );
}

function lastLine(thrown: unknown): string {
  const { stderr, message } = thrown as { stderr?: string; message?: string };
  return (stderr || message || String(thrown)).trim().split('\n').at(-1)!.slice(0, 200);
}

function missing(why: string): Fault {
  return new Fault(
    'orthanc-missing',
    `${why}. Set ORTHANC_URL to an Orthanc that runs, or install one: "sudo apt-get install orthanc orthanc-dicomweb", or start docker`,
  );
}
