import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { childEnvironment } from '../lib/child-environment.js';

/** What a person needs to know of this machine's graphics when an engine does not start. */
export interface DriverVersions {
  /** `NVIDIA H100, driver 550.54, 81559 MiB` for each card, as nvidia-smi prints it; empty without a card. */
  readonly nvidia: readonly string[];
  /** Names of the Vulkan drivers that are installed. */
  readonly vulkan: readonly string[];
  /** `libcudart.so.12`, `libcudnn.so.8` and so on, as the dynamic linker knows them. */
  readonly libraries: readonly string[];
}

const vulkanFolders = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d'];
const wanted = /^\s*(lib(?:cudart|cudnn|cublas|vulkan)\.so\.\d+)\s/;

export async function driverVersions(): Promise<DriverVersions> {
  const [nvidia, loader, ...folders] = await Promise.all([
    outputOf('nvidia-smi', ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader']),
    outputOf('/sbin/ldconfig', ['-p']),
    ...vulkanFolders.map((folder) => readdir(folder).catch((): string[] => [])),
  ]);
  const module = await readFile('/proc/driver/nvidia/version', 'utf8').then(
    (text) => text.split('\n')[0]!,
    () => '',
  );
  const cards = nvidia
    .split('\n')
    .filter(Boolean)
    .map((line) => line.replace(/^(.*), (\S+), (.*)$/, '$1, driver $2, $3'));
  return {
    nvidia: cards.length > 0 ? cards : module ? [module] : [],
    vulkan: folders
      .flat()
      .filter((name) => name.endsWith('.json'))
      .map((name) => name.replace(/\.json$/, '')),
    libraries: [...new Set(loader.split('\n').flatMap((line) => wanted.exec(line)?.[1] ?? []))],
  };
}

/** What a program prints; nothing if it is not there or fails. */
async function outputOf(program: string, programArguments: readonly string[]): Promise<string> {
  return promisify(execFile)(program, [...programArguments], { timeout: 10_000, env: childEnvironment() }).then(
    ({ stdout }) => stdout,
    () => '',
  );
}
