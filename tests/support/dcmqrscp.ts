import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { eventually } from './eventually.js';
import { temporaryDirectory } from './orthanc.js';

const program = '/usr/bin/dcmqrscp';

/** Why there is no dcmqrscp; undefined if there is one. */
export function noDcmqrscp(): string | undefined {
  return existsSync(program) ? undefined : `${program} (Debian: dcmtk) is not installed`;
}

/** A PACS that speaks DIMSE alone: dcmtk's dcmqrscp, with the AE title PACS. */
export interface DimsePacs {
  readonly dicomPort: number;
  stop(): void;
}

/** @param knows AE titles that it sends to, and their ports on this machine */
export async function startDimsePacs(dicomPort: number, knows: Readonly<Record<string, number>>): Promise<DimsePacs> {
  const folder = temporaryDirectory('dcmqrscp');
  const storage = join(folder, 'storage');
  mkdirSync(storage);
  const hosts = Object.entries(knows).map(([aet, port]) => `${aet.toLowerCase()} = (${aet}, 127.0.0.1, ${port})`);
  const file = join(folder, 'dcmqrscp.cfg');
  writeFileSync(
    file,
    [
      `NetworkTCPPort = ${dicomPort}`,
      'MaxPDUSize = 16384',
      'MaxAssociations = 16',
      'HostTable BEGIN',
      ...hosts,
      'HostTable END',
      'VendorTable BEGIN',
      'VendorTable END',
      'AETable BEGIN',
      `PACS ${storage} RW (200, 1024mb) ANY`,
      'AETable END',
      '',
    ].join('\n'),
  );
  const child = spawn(program, ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  await eventually('dcmqrscp listens', async () => {
    assert.equal(child.exitCode, null, errors);
    await new Promise<void>((resolve, reject) => {
      const socket = connect(dicomPort, '127.0.0.1', () => resolve(void socket.destroy())).on('error', reject);
    });
  });
  return { dicomPort, stop: () => void child.kill('SIGKILL') };
}
