import { readdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { projectRoot } from '../../src/config.js';
import { softwareVersion } from '../../src/software-version.js';
import { asMarkdown, benchmarksPage } from './history/benchmarks-page.js';
import { takeFigures } from './history/figures.js';
import { readHistory, withRun, writeHistory } from './history/history.js';

/**
 * `npm run bench`: runs every file of this folder that exports `bench`, one after the other, and prints what it found.
 * `npm run bench -- engine` runs the one of that name, or else those whose name holds that text. With `--write` what they print becomes
 * docs/reference/benchmark-history.json and benchmarks.md; `--write` with a name that no file has only writes the page anew. Nothing here passes or fails.
 */
const folder = dirname(fileURLToPath(import.meta.url));
const parameters = process.argv.slice(2);
const isWritten = parameters.includes('--write');
const filters = parameters.filter((one) => one !== '--write');
const files = readdirSync(folder).filter((name) => name.endsWith('.js') && name !== 'run.js');
const chosenBy = (filter: string): readonly string[] =>
  files.includes(`${filter}.js`) ? [`${filter}.js`] : files.filter((name) => name.includes(filter));
const names = filters.length === 0 ? files : [...new Set(filters.flatMap(chosenBy))];

const processor = `${cpus().length} cores of ${cpus()[0]?.model ?? 'an unknown processor'}`;
console.log(`Node ${process.versions.node}, ${processor}\n`);
for (const name of names.sort()) {
  const module = (await import(pathToFileURL(join(folder, name)).href)) as { title?: string; bench?: () => Promise<void> };
  if (!module.bench) continue;
  const bench = name.replace(/\.js$/, '');
  console.log(`== ${bench}`);
  const load = loadavg()[0]!.toFixed(1);
  const printed = await printedBy(module.bench);
  console.log();
  if (!isWritten) continue;
  writeHistory(
    withRun(readHistory(), {
      bench,
      title: module.title ?? bench,
      release: softwareVersion,
      date: new Date().toISOString().slice(0, 10),
      machine: `${processor}, load ${load} at the start and ${loadavg()[0]!.toFixed(1)} at the end, Node ${process.versions.node}`,
      text: asMarkdown(printed),
      figures: takeFigures(),
    }),
  );
}
if (isWritten) writeFileSync(join(projectRoot, 'docs/reference/benchmarks.md'), benchmarksPage(readHistory()));

/** Prints it too. */
async function printedBy(bench: () => Promise<void>): Promise<string> {
  const lines: string[] = [];
  const print = console.log.bind(console);
  console.log = (...words: readonly unknown[]) => {
    lines.push(words.map(String).join(' '));
    print(...words);
  };
  try {
    await bench();
  } finally {
    console.log = print;
  }
  return lines.join('\n');
}
