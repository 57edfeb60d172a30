// Makes a fresh clone runnable, then runs it: a Node that is new enough if the installed one is too old, packages from npm if they are missing
// or out of date, compiled code if it is missing or older than its sources. Plain JavaScript that Node 18 understands, because nothing is
// compiled yet when this runs.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('.', import.meta.url));
/** CHEST_AI_NODE=22, 24 or 26 asks for that one, whatever is installed: to try the program, or its tests, on it. */
const wanted = process.env.CHEST_AI_NODE;
/** The version that is brought where the installed one is too old, or another than asked for. */
const broughtMajor = Number(wanted || 24);
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

if (wanted ? process.versions.node.startsWith(`${wanted}.`) : isNewEnough(process.versions.node)) await start();
else await continueOn(bring());

async function start() {
  if (existsSync(join(root, 'src'))) {
    install();
    compile();
  }
  const [first, ...rest] = process.argv.slice(2);
  const program = first === '--run' ? rest.shift() : 'dist/src/cli.js';
  const programArguments = first === '--run' ? rest : process.argv.slice(2);
  process.argv.splice(1, Infinity, join(root, program), ...programArguments);
  await import(pathToFileURL(join(root, program)).href);
}

/** As "engines" of package.json says. */
function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 12);
}

/**
 * A Node in the folder .node of this project, from the npm package that carries its program: the versions and checksums are in
 * scripts/node. What a former run brought is used again without the network.
 *
 * @returns the path of the program
 */
function bring() {
  const recipe = join(root, 'scripts/node', String(broughtMajor));
  const folder = join(root, '.node', String(broughtMajor));
  const needs = `${wanted ? `CHEST_AI_NODE asks for Node ${wanted}` : 'orthanc-chest-ai needs Node 22.12 or later'}; this is Node ${process.versions.node}`;
  const lock = join(folder, 'package-lock.json');
  const present = programIn(folder);
  if (present && (!existsSync(recipe) || readFileSync(lock, 'utf8') === readFileSync(join(recipe, 'package-lock.json'), 'utf8')))
    return present;
  if (!existsSync(recipe)) giveUp(`${needs}. Install Node ${broughtMajor}.`);

  console.error(`${needs}. Bringing Node ${broughtMajor} from npm into ${folder}; nothing is installed on this machine …`);
  // Beside its place and then moved: two starts at once do not disturb each other, and an interrupted one leaves nothing that is half there.
  const partial = `${folder}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(recipe, name), join(partial, name));
  const { status, error } = spawnSync(npm, ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: partial,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status === 0 && programIn(partial)) {
    rmSync(folder, { recursive: true, force: true });
    try {
      renameSync(partial, folder);
    } catch (thrown) {
      // Another start was faster.
      if (!programIn(folder)) throw thrown;
    }
  }
  rmSync(partial, { recursive: true, force: true });
  const program = programIn(folder);
  if (program) return program;
  const reason = error
    ? error.message
    : status === 0
      ? `npm has no program for ${process.platform} on ${process.arch}, or it does not start here`
      : `npm ended with ${status}`;
  return giveUp(
    `${needs}, and Node ${broughtMajor} could not be brought (${reason}). Install Node ${broughtMajor}, or start once with access to the npm registry.`,
  );
}

/** The program that npm put into a folder, if it runs on this machine and is new enough. */
function programIn(folder) {
  const modules = join(folder, 'node_modules');
  if (!existsSync(modules)) return undefined;
  for (const name of readdirSync(modules)) {
    for (const file of ['bin/node', 'bin/node.exe']) {
      const program = join(modules, name, file);
      if (existsSync(program) && isNewEnough(versionOf(program))) return program;
    }
  }
  return undefined;
}

function versionOf(program) {
  try {
    return execFileSync(program, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      .trim()
      .slice(1);
  } catch {
    return '0.0';
  }
}

/** The same command on that Node. Signals go to it, its end is ours, and on Linux the kernel ends it when this process is killed. */
async function continueOn(node) {
  // First in PATH: npm, and every program that begins with "#!/usr/bin/env node", run on it as well.
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`, npm_node_execpath: node };
  const endWithParent = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'TERM', '--'] : [];
  const [program, ...parameters] = [...endWithParent, node, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn(program, parameters, { stdio: 'inherit', env });
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2']) {
    // A terminal sends Ctrl-C to both by itself.
    process.on(name, () => void (name === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(name)));
  }
  const [code, signal] = await new Promise((resolve) => {
    child.once('exit', (...ended) => resolve(ended));
    child.once('error', (error) => giveUp(`${node} cannot be started: ${error.message}`));
  });
  process.exit(signal ? 128 + constants.signals[signal] : code);
}

function giveUp(message) {
  console.error(message);
  process.exit(1);
}

function install() {
  const installed = join(root, 'node_modules/.package-lock.json');
  if (existsSync(installed) && modified(installed) >= modified(join(root, 'package-lock.json'))) return;
  run(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], 'Installing packages');
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
  if (!existsSync(page) || modified(page) < newest(['src/web', 'vite.config.mjs', 'package-lock.json']))
    run(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), 'build'], 'Building the page');
}

function run(command, commandArguments, title) {
  console.error(`${title} …`);
  const { status, error } = spawnSync(command, commandArguments, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: command.endsWith('.cmd'),
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
        ? readdirSync(absolute, { recursive: true, withFileTypes: true }).map((entry) =>
            modified(join(entry.parentPath ?? entry.path, entry.name)),
          )
        : [];
      return Math.max(modified(absolute), ...inside);
    }),
  );
}
