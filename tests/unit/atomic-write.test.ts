import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { syncDirectory, writeFileAtomically, writeNewFile } from '../../src/lib/atomic-write.js';
import { PictureCache } from '../../src/dataset/picture-cache.js';
import { openRegistry } from '../../src/registry/registry.js';
import { writeCheckpoint } from '../../src/training/checkpoint.js';
import { isFault } from '../support/fault.js';
import { tinyCandidate } from '../support/tiny-model.js';

const folder = mkdtempSync(join(tmpdir(), 'chest-ai-atomic-'));
const disk = mountSmallDisk(4);
after(() => {
  if (disk) execFileSync('umount', [disk], { stdio: 'inherit' });
  rmSync(folder, { recursive: true, force: true });
});

/** A small disk of its own; undefined where mounting is not permitted. */
function mountSmallDisk(megabytes: number): string | undefined {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    return undefined;
  }
}

test('a file is replaced as a whole; nothing else is left beside it', async () => {
  const path = join(folder, 'a', 'b', 'file');
  await writeFileAtomically(path, 'one');
  await writeFileAtomically(path, 'two', { durable: false });
  assert.equal(readFileSync(path, 'utf8'), 'two');
  assert.deepEqual(readdirSync(join(folder, 'a', 'b')), ['file']);
  await assert.rejects(writeNewFile(path, 'three'), { code: 'EEXIST' });
});

describe('D22: a full disk', { skip: disk ? undefined : 'mounting a small file system is not permitted here' }, () => {
  const record = {
    id: 'retraining-1',
    startedAt: '2026-01-31T02:00:00Z',
    endedAt: '2026-01-31T03:00:00Z',
    by: 'schedule',
    codeVersion: '0',
    engine: '',
    seed: 1,
    challenger: null,
    champion: null,
    lineage: null,
    decision: null,
    outcome: 'failed' as const,
    why: 'x'.repeat(200_000),
    figures: { challenger: null, champion: null },
    notes: [],
  };

  test('D22: is the fault disk-full, which passes, wherever a file is written; what was there stays', async () => {
    const registry = openRegistry(join(folder, 'models'));
    const first = await registry.add(tinyCandidate(1));
    await registry.putFirst(first.version, { by: 'test', why: 'test', at: new Date() });
    const second = await registry.add(tinyCandidate(2));
    const kept = join(folder, 'kept');
    await writeFileAtomically(kept, 'before');
    const { bavail, bsize } = statfsSync(folder);
    writeFileSync(join(folder, 'filler'), Buffer.alloc(bavail * bsize, 1));
    const full = isFault('disk-full', { retryable: true });
    await assert.rejects(writeFileAtomically(kept, 'x'.repeat(100_000)), full);
    await assert.rejects(registry.recordChange(record), full);
    await assert.rejects(registry.promote(second.version, { by: 'test', why: 'x'.repeat(100_000), at: new Date() }), full);
    await assert.rejects(registry.add(tinyCandidate(3, { card: 'x'.repeat(100_000) })), full);
    await assert.rejects(
      writeCheckpoint(join(folder, 'checkpoints'), {
        tensors: new Map([['w', { shape: [50_000], data: new Float32Array(50_000) }]]),
        optimizer: new Map(),
        fingerprint: 'x',
        position: { stage: 0, epoch: 0, batch: 0 },
        step: 0,
        losses: [],
      } as never),
      full,
    );
    await assert.rejects(
      new PictureCache(join(folder, 'pictures'), { width: 400, height: 400 } as never).put('2.25.1234567890', {
        width: 400,
        height: 400,
        values: new Float32Array(160_000),
        pixelAspect: 1,
      }),
      full,
    );
    assert.equal(readFileSync(kept, 'utf8'), 'before');
    assert.equal((await registry.aliases())?.champion, first.version);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('.unfinished-')),
      [],
    );
    rmSync(join(folder, 'filler'));
    await registry.recordChange(record);
    assert.equal((await registry.promote(second.version, { by: 'test', why: 'test', at: new Date() })).champion, second.version);
    await syncDirectory(folder);
  });
});
