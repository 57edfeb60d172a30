import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';

const unit = readFileSync(join(projectRoot, 'deploy/systemd/chest-ai.service'), 'utf8');
const missing = spawnSync('systemd-analyze', ['--version']).status === 0 ? false : 'systemd-analyze is not installed';

test('systemd takes the unit without a complaint, and rates what it may do as OK', { skip: missing }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'chest-ai-unit-'));
  try {
    const file = join(folder, 'chest-ai.service');
    writeFileSync(file, unit.replaceAll('/opt/chest-ai', projectRoot.replace(/\/$/, '')));
    const verified = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
    assert.deepEqual(
      verified.stderr.split('\n').filter((line) => line.includes('chest-ai')),
      [],
    );
    const rated = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', file], { encoding: 'utf8' });
    const exposure = Number(/exposure level for \S+: ([\d.]+)/.exec(rated.stdout)?.[1]);
    assert.ok(exposure <= 2, `expected an exposure of at most 2 of 10, found ${exposure}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the unit keeps what the service needs: a folder that it can write, time to hand back its work, machine code written by V8, and limits set by its decoders', () => {
  assert.match(unit, /^StateDirectory=chest-ai$/m);
  assert.match(unit, /DATA_DIR=\/var\/lib\/chest-ai\b/);
  assert.ok(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]) > 10);
  assert.doesNotMatch(unit, /^MemoryDenyWriteExecute=yes/m);
  assert.doesNotMatch(unit, /^SystemCallFilter=~.*@resources/m);
  assert.doesNotMatch(unit, /PASSWORD=|DATABASE_URL=|TOKEN=/);
});
