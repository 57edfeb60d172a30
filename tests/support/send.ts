import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { DicomWeb, StoredInstance } from '../../src/dicomweb/client.js';

const run = promisify(execFile);

/**
 * C-STORE by dcmtk's storescu, in one association, as a modality would.
 * @param files Part 10 files, or paths of such
 */
export async function sendByCStore(
  files: readonly (Uint8Array | string)[],
  to: { readonly dicomPort: number },
  titles: { readonly calling?: string; readonly called?: string; readonly options?: readonly string[] } = {},
): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'chest-ai-send-'));
  try {
    const paths: string[] = [];
    for (const [index, file] of files.entries()) {
      if (typeof file === 'string') paths.push(file);
      else {
        const one = path.join(folder, `${index}.dcm`);
        await writeFile(one, file);
        paths.push(one);
      }
    }
    const { calling = 'TESTMODALITY', called = 'CHESTAI', options = [] } = titles;
    await run('storescu', [...options, '-aet', calling, '-aec', called, '127.0.0.1', String(to.dicomPort), ...paths], {
      maxBuffer: 2 ** 24,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** STOW-RS, one request for all. */
export async function sendByStow(files: readonly Uint8Array[], to: DicomWeb): Promise<readonly StoredInstance[]> {
  return to.storeInstances(files);
}
