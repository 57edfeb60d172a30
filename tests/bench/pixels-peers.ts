import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { projectRoot } from '../../src/config.js';
import { transferSyntax } from '../../src/dicom/transfer-syntax.js';

/** Another decoder on the same file. */
export interface Peer {
  readonly name: string;
  /** Milliseconds for one frame; undefined where it cannot decode the file. */
  measure(path: string, transferSyntaxUID: string): Promise<number | undefined>;
  close(): void;
}

/** DCMTK's programs and, of the Python interpreters found, GDCM and pylibjpeg (see pixels_peers.py). */
export async function openPeers(): Promise<readonly Peer[]> {
  const peers: Peer[] = [dcmtk()];
  const interpreters = [process.env['BENCH_PYTHON'], join(projectRoot, 'tests/bench/.venv/bin/python'), 'python3', '/usr/bin/python3'];
  for (const interpreter of interpreters) {
    if (interpreter) for (const peer of await pythonPeers(interpreter)) if (!peers.some(({ name }) => name === peer.name)) peers.push(peer);
  }
  return peers;
}

const { implicitLittleEndian, explicitLittleEndian, explicitBigEndian, deflatedLittleEndian, rle, jpegLsLossless, jpegLsNearLossless } = transferSyntax;
const dcmtkPrograms: Readonly<Record<string, string>> = {
  [implicitLittleEndian]: 'dcmconv', [explicitLittleEndian]: 'dcmconv', [explicitBigEndian]: 'dcmconv', [deflatedLittleEndian]: 'dcmconv', [rle]: 'dcmdrle',
  [transferSyntax.jpegBaseline]: 'dcmdjpeg', [transferSyntax.jpegExtended]: 'dcmdjpeg', [transferSyntax.jpegLossless]: 'dcmdjpeg', [transferSyntax.jpegLosslessFirstOrder]: 'dcmdjpeg',
  [jpegLsLossless]: 'dcmdjpls', [jpegLsNearLossless]: 'dcmdjpls',
};

/** Programs, so their start-up is measured before and taken off; reading and writing the file stay in. */
function dcmtk(): Peer {
  const timed = (program: string, ...parameters: string[]): number => {
    const start = performance.now();
    execFileSync(program, parameters, { stdio: 'ignore' });
    return performance.now() - start;
  };
  const startMs = Object.fromEntries([...new Set(Object.values(dcmtkPrograms))].map((program) => [program, Math.min(...Array.from({ length: 9 }, () => timed(program, '--version')))]));
  return {
    name: 'DCMTK',
    async measure(path, transferSyntaxUID) {
      const program = dcmtkPrograms[transferSyntaxUID];
      if (!program) return undefined;
      return timed(program, ...(program === 'dcmconv' ? ['+te'] : []), path, `${path}.out`) - startMs[program]!;
    },
    close: () => undefined,
  };
}

async function pythonPeers(interpreter: string): Promise<readonly Peer[]> {
  if (interpreter.startsWith('/') && !existsSync(interpreter)) return [];
  const child = spawn(interpreter, [join(projectRoot, 'tests/bench/pixels_peers.py')], { stdio: ['pipe', 'pipe', 'ignore'] });
  const failed = new Promise<undefined>((resolve) => child.once('error', () => resolve(undefined)).once('exit', () => resolve(undefined)));
  child.stdin.on('error', () => undefined);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const answer = async (): Promise<string | undefined> => (await Promise.race([lines.next(), failed]))?.value as string | undefined;
  const names = JSON.parse((await answer()) ?? '[]') as readonly string[];
  if (names.length === 0) child.kill();
  return names.map((name) => ({
    name,
    async measure(path) {
      child.stdin.write(`${name} ${path}\n`);
      return (JSON.parse((await answer()) ?? 'null') as number | null) ?? undefined;
    },
    close: () => child.kill(),
  }));
}

/** Version lines for the table's foot. */
export function dcmtkVersion(): string {
  return /v[\d.]+/.exec(execFileSync('dcmdjpeg', ['--version'], { encoding: 'utf8' }))?.[0] ?? '';
}

export const loadAverage = (): string => (existsSync('/proc/loadavg') ? readFileSync('/proc/loadavg', 'utf8').split(' ')[0]! : 'unknown');
