import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../../lib/atomic-write.js';

const versionSchema = z
  .strictObject({ number: z.int().min(1), at: z.iso.datetime(), by: z.string(), sha256: z.string(), text: z.string() })
  .readonly();

/** The text of the rules file at a time. */
export type RuleVersion = z.infer<typeof versionSchema>;

/** Who is named for a change that was made in the file. */
export const madeInFile = 'file';
const maxVersions = 200;

/** Texts of the rules file, one file each, in a folder of DATA_DIR. */
export interface RuleVersions {
  /** Newest first. */
  list(): Promise<readonly RuleVersion[]>;
  /** Adds a version unless the newest one has this text. */
  add(text: string, by: string, at?: Date): Promise<void>;
}

export function hashOfRules(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export function ruleVersionsIn(folder: string): RuleVersions {
  const numbers = async (): Promise<readonly number[]> => {
    const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    return names.flatMap((name) => (/^\d{1,9}\.json$/.test(name) ? [Number.parseInt(name, 10)] : [])).sort((a, b) => b - a);
  };
  const read = async (number: number): Promise<RuleVersion | undefined> => {
    const parsed = versionSchema.safeParse(JSON.parse(await readFile(join(folder, `${number}.json`), 'utf8')));
    return parsed.data;
  };
  return {
    async list() {
      const versions = await Promise.all((await numbers()).map((number) => read(number).catch(() => undefined)));
      return versions.filter((one) => one !== undefined);
    },
    async add(text, by, at = new Date()) {
      const known = await numbers();
      const [newest = 0] = known;
      const sha256 = hashOfRules(text);
      if (newest > 0 && (await read(newest).catch(() => undefined))?.sha256 === sha256) return;
      const version: RuleVersion = { number: newest + 1, at: at.toISOString(), by, sha256, text };
      await writeFileAtomically(join(folder, `${version.number}.json`), JSON.stringify(version));
      for (const number of known.slice(maxVersions - 1)) await rm(join(folder, `${number}.json`), { force: true });
    },
  };
}
