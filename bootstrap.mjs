// Makes a fresh clone runnable, then runs it: packages from npm if they are missing or out of date, compiled code if
// it is missing or older than its sources. Plain JavaScript, because nothing is compiled yet when this runs.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('.', import.meta.url));
const [major, minor] = process.versions.node.split('.').map(Number);
// As "engines" of package.json says: what builds the page (Vite 8) asks for these.
if (!((major === 20 && minor >= 19) || (major === 22 && minor >= 12))) {
  console.error(`orthanc-chest-ai runs on Node 20 from 20.19 on, and on 22 from 22.12 on; this is Node ${process.versions.node}.`);
  process.exit(1);
}

if (existsSync(join(root, 'src'))) {
  install();
  compile();
}

const [first, ...rest] = process.argv.slice(2);
const program = first === '--run' ? rest.shift() : 'dist/src/cli.js';
const programArguments = first === '--run' ? rest : process.argv.slice(2);
process.argv.splice(1, Infinity, join(root, program), ...programArguments);
await import(pathToFileURL(join(root, program)).href);

function install() {
  const installed = join(root, 'node_modules/.package-lock.json');
  if (existsSync(installed) && modified(installed) >= modified(join(root, 'package-lock.json'))) return;
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], 'Installing packages');
}

function compile() {
  // A mark of our own: the compiler's build information is also refreshed by runs that write no code.
  const built = join(root, 'dist/.compiled');
  if (modified(built) < newest(['src', 'tests', 'scripts', 'tsconfig.json', 'package-lock.json'])) {
    const started = new Date();
    run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', root], 'Compiling');
    writeFileSync(built, '');
    utimesSync(built, started, started);
  }
  const page = join(root, 'dist/web/index.html');
  if (!existsSync(page) || modified(page) < newest(['src/web', 'vite.config.mjs', 'package-lock.json'])) run(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), 'build'], 'Building the page');
}

function run(command, commandArguments, title) {
  console.error(`${title} …`);
  const { status, error } = spawnSync(command, commandArguments, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    // The CPU provider comes inside the package; the CUDA provider (about a gigabyte, from elsewhere) only where asked for.
    env: { ONNXRUNTIME_NODE_INSTALL: 'skip', ...process.env },
  });
  if (status !== 0) {
    console.error(`${title} failed${error ? `: ${error.message}` : ` (exit ${status})`}.`);
    process.exit(1);
  }
}

function modified(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

function newest(paths) {
  return Math.max(
    ...paths.map((path) => {
      const absolute = join(root, path);
      const inside = statSync(absolute).isDirectory()
        ? readdirSync(absolute, { recursive: true, withFileTypes: true }).map((entry) => modified(join(entry.parentPath ?? entry.path, entry.name)))
        : [];
      return Math.max(modified(absolute), ...inside);
    }),
  );
}
