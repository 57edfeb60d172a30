import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { asFault, Fault } from '../errors.js';
import type { Example } from './example.js';
import { parts, type Part } from './split.js';
import { writeFileAtomically } from '../lib/atomic-write.js';

const lineSchema = z.strictObject({ key: z.string().min(1), part: z.enum(parts) });

/** What each image was used for, as JSON lines, so that a later evaluation uses the same validation images. Names no patient. */
export async function writePartsFile(path: string, examples: readonly Pick<Example, 'key'>[], used: readonly Part[]): Promise<void> {
  await writeFileAtomically(path, examples.map(({ key }, index) => `${JSON.stringify({ key, part: used[index] })}\n`).join(''));
}

/** @throws Fault dataset-invalid naming the line */
export async function readPartsFile(path: string): Promise<ReadonlyMap<string, Part>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => Promise.reject(asFault(error, 'dataset-invalid', { source: path })));
  return new Map(
    text.split('\n').flatMap((line, index) => {
      if (line.trim() === '') return [];
      try {
        const { key, part } = lineSchema.parse(JSON.parse(line));
        return [[key, part] as const];
      } catch (cause) {
        throw new Fault(
          'dataset-invalid',
          `line ${index + 1}: expected {"key":…,"part":…} with a part of ${parts.join(', ')}`,
          { source: path },
          { cause },
        );
      }
    }),
  );
}
