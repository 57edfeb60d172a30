import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { answerRequests } from '../../src/engine/compute-answers.js';

/** A program for a confined process: tries what it must not be able to do, and tells what came of it. */
answerRequests(async ({ port }: { readonly port: number }) => {
  const attempt = (work: () => unknown): string => {
    try {
      work();
      return 'done';
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? String(error);
    }
  };
  return {
    own: attempt(() => readFileSync(fileURLToPath(import.meta.url))),
    passwords: attempt(() => readFileSync('/etc/passwd')),
    write: attempt(() => writeFileSync('/tmp/chest-ai-confined', '')),
    start: attempt(() => spawnSync('true')),
    memory: attempt(() => Array.from({ length: 40 }, () => new Uint8Array(64 * 2 ** 20).fill(1))),
    variables: Object.keys(process.env).join(),
    network: await connected(port),
    dataSize: String(
      (process.report.getReport() as unknown as { userLimits: Record<string, { hard: unknown }> }).userLimits['data_seg_size_bytes']?.hard,
    ),
  };
});

/** To a server of the test, on this machine. */
function connected(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve('connected');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}
