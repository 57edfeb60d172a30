import { readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * `npm run bench`: runs every file of this folder that exports `bench`, one after the other, and prints what it found.
 * `npm run bench -- report` runs those whose name holds that text. Nothing here passes or fails.
 */
const folder = dirname(fileURLToPath(import.meta.url));
const filters = process.argv.slice(2);
const names = readdirSync(folder).filter(
  (name) => name.endsWith('.js') && name !== 'run.js' && (filters.length === 0 || filters.some((filter) => name.includes(filter))),
);

console.log(`Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}\n`);
for (const name of names.sort()) {
  const module = (await import(pathToFileURL(join(folder, name)).href)) as { bench?: () => Promise<void> };
  if (!module.bench) continue;
  console.log(`== ${name.replace(/\.js$/, '')}`);
  await module.bench();
  console.log();
}
