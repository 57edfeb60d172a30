import { spawnSync } from 'node:child_process';
import { countedCodeRangeMb } from '../lib/code-range.js';

/** Limits of a process that reads files of others. */
export interface Confinement {
  /** All memory that it may write to, that of native code included. */
  readonly memoryMb: number;
  /** Threads of JavaScript beside the main one: V8 reserves memory for the machine code of each. */
  readonly threads?: number;
  /** Folders whose files it may read: Node's permission model, which also forbids it to write, to start processes and to use threads. */
  readonly readable?: readonly string[];
}

/**
 * No core file; the limit of memory, which the kernel keeps (RLIMIT_DATA; macOS has none); and first in line when the machine runs out of
 * memory, so that the service is not.
 */
const limited = 'ulimit -c 0; ulimit -d "$1"; shift; { echo 1000 > /proc/self/oom_score_adj; } 2>/dev/null; exec "$@"';

let codeRangeMb: number | undefined;
let noNetwork: readonly string[] | undefined;

/**
 * How `fork` starts a program of ours within limits: through a shell that sets them, without network where the system allows a process to
 * give it up, and without rights to files.
 */
export function confinedCommand({ memoryMb, threads = 0, readable }: Confinement): {
  readonly execPath: string;
  readonly execArgv: string[];
} {
  const kilobytes = (memoryMb + (1 + threads) * (codeRangeMb ??= countedCodeRangeMb())) * 1024;
  const permissions = readable === undefined ? [] : permissionFlags(readable);
  return { execPath: '/bin/sh', execArgv: ['-c', limited, 'sh', String(kilobytes), ...withoutNetwork(), process.execPath, ...permissions] };
}

/** Since Node 22.13; native libraries of ours are loaded, and what they do is not covered. */
function permissionFlags(readable: readonly string[]): readonly string[] {
  if (!process.allowedNodeEnvironmentFlags.has('--permission')) return [];
  return ['--permission', '--allow-addons', ...readable.map((folder) => `--allow-fs-read=${folder}`)];
}

/** A network namespace of its own has no interface; some containers forbid to make one. */
function withoutNetwork(): readonly string[] {
  const command = ['unshare', '--map-root-user', '--net'];
  return (noNetwork ??=
    process.platform === 'linux' && spawnSync(command[0]!, [...command.slice(1), 'true'], { stdio: 'ignore', timeout: 5_000 }).status === 0
      ? command
      : []);
}
