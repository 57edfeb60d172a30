import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { processOf } from '../runner/process-watch.js';
import { supervisedVariable } from '../runner/supervise.js';
import { eventually } from '../support/eventually.js';
import { postgresMissing } from '../support/postgres.js';
import { descendantsOf } from '../support/processes.js';

describe('npm test interrupted by a signal leaves no process and no temporary file behind', { skip: postgresMissing() }, () => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
    test(signal, { timeout: 300_000 }, async () => {
      // Not below the folder of this run: the path of PostgreSQL's socket may have 107 bytes. Its account must get through.
      const temporary = mkdtempSync('/tmp/ca-');
      chmodSync(temporary, 0o755);
      const { [supervisedVariable]: _supervised, NODE_TEST_CONTEXT: _context, ...env } = process.env;
      const runner = spawn(process.execPath, [join(projectRoot, 'dist/tests/run.js'), 'integration/many-processes'], {
        cwd: projectRoot,
        stdio: 'ignore',
        env: { ...env, TMPDIR: temporary },
      });
      const ended = once(runner, 'exit');
      let seen: readonly { readonly pid: number; readonly started: string | undefined; readonly name: string }[] = [];
      await eventually(
        'an Orthanc, a PostgreSQL and services run',
        () => {
          seen = descendantsOf(runner.pid!).map(({ pid, name }) => ({ pid, name, started: processOf(pid)?.started }));
          for (const name of ['Orthanc', 'postgres'])
            assert.ok(
              seen.some((one) => one.name === name),
              `${name} among ${seen.map((one) => one.name).join(' ')}`,
            );
          // The runner's own, the file's and three services.
          assert.ok(seen.filter((one) => /^(node|MainThread)/.test(one.name)).length >= 5, seen.map((one) => one.name).join(' '));
        },
        { timeoutMs: 120_000 },
      );
      runner.kill(signal);
      const [code] = (await ended) as [number | null];
      if (signal !== 'SIGKILL') assert.equal(code, { SIGINT: 130, SIGTERM: 143 }[signal]);
      await eventually(
        'all of them have ended',
        () => {
          const left = seen.filter(({ pid, started }) => processOf(pid)?.started === started && processOf(pid)?.state !== 'Z');
          assert.deepEqual(
            left.map(({ name }) => name),
            [],
          );
          assert.deepEqual(readdirSync(temporary), []);
        },
        { timeoutMs: 60_000 },
      );
      rmSync(temporary, { recursive: true });
    });
  }
});
