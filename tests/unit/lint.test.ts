import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { projectRoot } from '../../src/config.js';

const biome = join(projectRoot, 'node_modules/@biomejs/biome/bin/biome');

test('formatter and linter find nothing (biome.jsonc)', {
  skip: existsSync(biome) ? undefined : 'Biome is not installed (npm ci without --omit=dev)',
}, async () => {
  const checked = await promisify(execFile)(process.execPath, [biome, 'check', '--error-on-warnings', '--colors=off'], {
    cwd: projectRoot,
  }).catch((error: { stdout: string; stderr: string }) => error);
  assert.ok(!('code' in checked), `${checked.stdout}\n${checked.stderr}`);
  assert.match(`${checked.stdout}${checked.stderr}`, /Checked \d{3,} files/);
});
