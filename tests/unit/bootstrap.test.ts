import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { eventually } from '../support/eventually.js';

/** What is asked for in package.json. */
const [, minMajor, minMinor] = /^>=(\d+)\.(\d+)$/
  .exec((JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { engines: { node: string } }).engines.node)!
  .map(Number) as [unknown, number, number];

const versionOf = (node: string): string => execFileSync(node, ['--version'], { encoding: 'utf8' }).trim().slice(1);
const isNewEnough = (version: string): boolean => {
  const [major, minor] = version.split('.').map(Number) as [number, number];
  return major > minMajor || (major === minMajor && minor >= minMinor);
};
/** A Node on this machine that bootstrap.mjs has to replace. */
const oldNode = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'node'))
  .find((node) => existsSync(node) && !isNewEnough(versionOf(node)));
const brought = join(projectRoot, '.node/24');

describe('bootstrap.mjs on a machine whose Node is too old', {
  skip: oldNode ? false : `no Node below ${minMajor}.${minMinor} in PATH`,
}, () => {
  const folders: string[] = [];
  after(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

  /** bootstrap.mjs and what it reads, with a program that tells what it runs on. */
  function project(): string {
    const folder = mkdtempSync(join(tmpdir(), 'chest-ai-bootstrap-'));
    folders.push(folder);
    for (const name of ['bootstrap.mjs', 'scripts/node', 'package.json'])
      cpSync(join(projectRoot, name), join(folder, name), { recursive: true });
    mkdirSync(join(folder, 'dist/src'), { recursive: true });
    writeFileSync(
      join(folder, 'dist/src/cli.js'),
      `
      import { execFileSync } from 'node:child_process';
      const inPath = execFileSync('node', ['--version'], { encoding: 'utf8' }).trim().slice(1);
      console.log(JSON.stringify({ version: process.versions.node, inPath, parameters: process.argv.slice(2), pid: process.pid }));
      if (process.argv[2] === 'wait') {
        process.on('SIGTERM', () => { console.log('SIGTERM'); process.exit(7); });
        setInterval(() => undefined, 1000);
      } else process.exitCode = Number(process.argv[2]);
    `,
    );
    return folder;
  }
  /** One that has been brought already: the program is copied from this project's own, or comes from npm. */
  function withNode(): string {
    const folder = project();
    if (existsSync(brought)) cpSync(brought, join(folder, '.node/24'), { recursive: true });
    else assert.equal(spawnSync(oldNode!, ['bootstrap.mjs', '0'], { cwd: folder, stdio: 'inherit' }).status, 0);
    return folder;
  }
  const offline = {
    PATH: `${dirname(oldNode!)}${delimiter}/usr/bin${delimiter}/bin`,
    npm_config_registry: 'http://127.0.0.1:9',
    npm_config_fetch_retries: '0',
    npm_config_cache: '/nowhere',
  };

  test('the program, and every program that it starts by PATH, runs on the one that was brought before; offline, silently, with its parameters and exit status', () => {
    const folder = withNode();
    const { status, stdout, stderr } = spawnSync(oldNode!, ['bootstrap.mjs', '5', 'a b', '--json'], {
      cwd: folder,
      env: offline,
      encoding: 'utf8',
    });
    const output = JSON.parse(stdout) as { version: string; inPath: string; parameters: readonly string[] };
    assert.ok(isNewEnough(output.version), output.version);
    assert.equal(output.inPath, output.version);
    assert.deepEqual(output.parameters, ['5', 'a b', '--json']);
    assert.equal(status, 5);
    assert.equal(stderr, '');
  });

  test('without the network the message says which Node is needed and what to do; nothing half-brought is left', () => {
    const folder = project();
    const { status, stdout, stderr } = spawnSync(oldNode!, ['bootstrap.mjs', '0'], { cwd: folder, env: offline, encoding: 'utf8' });
    assert.equal(status, 1);
    assert.equal(stdout, '');
    assert.match(
      stderr,
      /needs Node 22\.12 or later; this is Node \d+\.\d+\.\d+, and Node 24 could not be brought .*Install Node 24, or start once with access to the npm registry\.\n$/s,
    );
    assert.deepEqual(readdirSync(join(folder, '.node')), []);
  });

  test('a signal reaches the program, and its exit status is that of the command; a killed command leaves no program behind', async () => {
    const folder = withNode();
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const command = spawn(oldNode!, ['bootstrap.mjs', 'wait'], { cwd: folder, env: offline, stdio: ['ignore', 'pipe', 'inherit'] });
      let output = '';
      command.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      await eventually('it waits', () => assert.match(output, /\n/), { timeoutMs: 60_000 });
      const { pid } = JSON.parse(output.split('\n')[0]!) as { pid: number };
      assert.notEqual(pid, command.pid);
      const ended = once(command, 'exit');
      command.kill(signal);
      const [code] = (await ended) as [number | null];
      if (signal === 'SIGTERM') assert.equal(code, 7);
      await eventually('the program has ended', () => assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' }), { timeoutMs: 60_000 });
      assert.match(output, /SIGTERM/);
    }
  });
});
