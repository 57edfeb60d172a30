import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { projectRoot } from '../../src/config.js';
import { transferSyntax } from '../../src/dicom/transfer-syntax.js';

/** Another decoder on the same file. */
export interface Peer {
  readonly name: string;
  /** Milliseconds of processor time for one frame; undefined where it cannot decode the file. */
  measure(path: string, transferSyntaxUID: string): Promise<number | undefined>;
  close(): void;
}

/** DCMTK's programs and, of the Python interpreters found, GDCM and pylibjpeg (see pixels_peers.py). */
export async function openPeers(): Promise<readonly Peer[]> {
  const peers = new Map<string, Peer>();
  for (const interpreter of [
    process.env['BENCH_PYTHON'],
    join(projectRoot, 'tests/bench/.venv/bin/python'),
    'python3',
    '/usr/bin/python3',
  ]) {
    if (interpreter) for (const peer of await pythonPeers(interpreter)) if (!peers.has(peer.name)) peers.set(peer.name, peer);
  }
  return [...peers.values()];
}

const { implicitLittleEndian, explicitLittleEndian, explicitBigEndian, deflatedLittleEndian, rle, jpegLsLossless, jpegLsNearLossless } =
  transferSyntax;
const dcmtkPrograms: Readonly<Record<string, string>> = {
  [implicitLittleEndian]: 'dcmconv',
  [explicitLittleEndian]: 'dcmconv',
  [explicitBigEndian]: 'dcmconv',
  [deflatedLittleEndian]: 'dcmconv',
  [rle]: 'dcmdrle',
  [transferSyntax.jpegBaseline]: 'dcmdjpeg',
  [transferSyntax.jpegExtended]: 'dcmdjpeg',
  [transferSyntax.jpegLossless]: 'dcmdjpeg',
  [transferSyntax.jpegLosslessFirstOrder]: 'dcmdjpeg',
  [jpegLsLossless]: 'dcmdjpls',
  [jpegLsNearLossless]: 'dcmdjpls',
};

async function pythonPeers(interpreter: string): Promise<readonly Peer[]> {
  if (interpreter.startsWith('/') && !existsSync(interpreter)) return [];
  const child = spawn(interpreter, [join(projectRoot, 'tests/bench/pixels_peers.py')], { stdio: ['pipe', 'pipe', 'ignore'] });
  const failed = new Promise<undefined>((resolve) => child.once('error', () => resolve(undefined)).once('exit', () => resolve(undefined)));
  child.stdin.on('error', () => undefined);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const answer = async (): Promise<string | undefined> => (await Promise.race([lines.next(), failed]))?.value as string | undefined;
  const names = JSON.parse((await answer()) ?? '[]') as readonly string[];
  if (names.length === 0) child.kill();
  const ask = async (question: string): Promise<number | undefined> => {
    child.stdin.write(`${question}\n`);
    return (JSON.parse((await answer()) ?? 'null') as number | null) ?? undefined;
  };
  const bindings = names
    .filter((name) => !name.startsWith('dcm'))
    .map((name): Peer => ({ name, measure: (path) => ask(`${name} ${path}`), close: () => child.kill() }));
  const programs: Peer = {
    name: 'DCMTK',
    measure: async (path, transferSyntaxUID) =>
      dcmtkPrograms[transferSyntaxUID] ? ask(`${dcmtkPrograms[transferSyntaxUID]} ${path}`) : undefined,
    close: () => child.kill(),
  };
  return [programs, ...bindings];
}

/** Version lines for the table's foot. */
export function dcmtkVersion(): string {
  return /v[\d.]+/.exec(execFileSync('dcmdjpeg', ['--version'], { encoding: 'utf8' }))?.[0] ?? '';
}

export const loadAverage = (): string => (existsSync('/proc/loadavg') ? readFileSync('/proc/loadavg', 'utf8').split(' ')[0]! : 'unknown');
