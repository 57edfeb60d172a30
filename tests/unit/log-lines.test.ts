import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, test } from 'node:test';
import { projectRoot } from '../../src/config.js';

/** Lines go to standard error of a process of its own. */
function logged(format: 'text' | 'json', calls: string): string {
  const program = `import { createLog } from ${JSON.stringify(pathToFileURL(join(projectRoot, 'dist/src/log.js')).href)};\nconst log = createLog({ format: '${format}' });\n${calls}`;
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  return run.stderr;
}

describe('M10: log lines', () => {
  for (const format of ['text', 'json'] as const) {
    test(`M10: one event is one line that moves no cursor and names nobody (${format})`, () => {
      const output = logged(
        format,
        `
        log.warn('a\\u001b[2J\\nforged', { study: 'DOE^JOHN^19600101', studies: ['1.2.00123', 'SMITH.JANE'], key: 'DOE.JOHN', studyInstanceUID: '\\u001b[31m', detail: 'x'.repeat(1_000_000), count: 3, nested: { study: 'ROE^MARY' } });
        log.info('kept', { study: '1.2.840.00123.4', key: '0123abcd-0123abcd-0123abcd-0123abcd-0123abcd' });
      `,
      );
      const lines = output.trimEnd().split('\n');
      assert.equal(lines.length, 2, output.slice(0, 500));
      assert.doesNotMatch(output, /DOE|JOHN|SMITH|JANE|ROE|MARY|\u001b/);
      assert.ok(lines[0]!.length < 4_000 && lines[0]!.includes('1.2.00123') && /uid-[0-9a-f]{12}/.test(lines[0]!));
      assert.ok(lines[1]!.includes('1.2.840.00123.4') && lines[1]!.includes('0123abcd-0123abcd'));
    });
  }
});
