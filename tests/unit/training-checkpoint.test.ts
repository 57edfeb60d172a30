import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { readCheckpoint, writeCheckpoint, type Checkpoint } from '../../src/training/checkpoint.js';
import { TrainingLog, type LogEntry } from '../../src/training/training-log.js';
import { isFault } from '../support/fault.js';

const root = mkdtempSync(join(tmpdir(), 'checkpoint-'));
after(() => rmSync(root, { recursive: true, force: true }));
let serial = 0;
const fresh = (): string => join(root, String(serial++));
const fingerprint = 'a'.repeat(64);

function checkpoint(step: number, values = 1000): Checkpoint {
  const tensor = (factor: number) => ({
    shape: [values],
    data: Float32Array.from({ length: values }, (_, index) => index * factor + step),
  });
  return {
    fingerprint,
    position: { stage: 0, epoch: step, batch: 3 },
    step,
    losses: { sum: 0.1 + step, average: 1 / 3, count: step },
    tensors: new Map([['a.weight', tensor(0.5)]]),
    optimizer: new Map([
      ['a.weight.expAvg', tensor(1e-7)],
      ['a.weight.expAvgSq', tensor(1e-9)],
    ]),
  };
}

describe('checkpoints', () => {
  test('come back to the last bit; the newest counts, the one before stays', async () => {
    const folder = fresh();
    assert.equal(await readCheckpoint(folder, fingerprint), undefined);
    for (const step of [1, 2, 3]) await writeCheckpoint(folder, checkpoint(step));
    assert.deepEqual(await readCheckpoint(folder, fingerprint), checkpoint(3));
    assert.deepEqual(readdirSync(folder).sort(), ['checkpoint-2', 'checkpoint-3']);
    await assert.rejects(readCheckpoint(folder, 'b'.repeat(64)), isFault('request-invalid'));
  });

  test('a damaged one is passed over for the one before', async () => {
    const folder = fresh();
    for (const step of [1, 2]) await writeCheckpoint(folder, checkpoint(step));
    const file = join(folder, 'checkpoint-2/tensors.safetensors');
    const bytes = readFileSync(file);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(file, bytes);
    assert.deepEqual(await readCheckpoint(folder, fingerprint), checkpoint(1));
  });

  test('killed while it writes, a whole one is always there', { timeout: 60_000 }, async () => {
    const folder = fresh();
    await writeCheckpoint(folder, checkpoint(1, 200_000));
    const program = `
      import { readCheckpoint, writeCheckpoint } from ${JSON.stringify(new URL('../../src/training/checkpoint.js', import.meta.url).href)};
      const folder = ${JSON.stringify(folder)};
      let last = await readCheckpoint(folder, ${JSON.stringify(fingerprint)});
      for (;;) { last = { ...last, step: last.step + 1 }; await writeCheckpoint(folder, last); console.log(last.step); }`;
    let before = 1;
    for (let round = 0; round < 8; round++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
      await new Promise((resolve) => child.stdout.once('data', resolve));
      // somewhere within the next one
      await new Promise((resolve) => setTimeout(resolve, 3 * round));
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('exit', resolve));
      const found = await readCheckpoint(folder, fingerprint);
      assert.ok(found && found.step > before, `round ${round}: step ${found?.step} after ${before}`);
      before = found.step;
    }
  });

  test('on a full disk it says so and the one before is whole', async (t) => {
    const folder = fresh();
    await writeCheckpoint(folder, checkpoint(1));
    rmSync(folder, { recursive: true });
    spawnSync('mkdir', ['-p', folder]);
    const mount =
      process.platform === 'linux' && process.getuid?.() === 0
        ? spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder], { encoding: 'utf8' })
        : undefined;
    if (mount?.status !== 0)
      return t.skip(`a small disk cannot be mounted here: ${mount ? mount.stderr.trim() : 'only root on Linux can'}`);
    try {
      await writeCheckpoint(folder, checkpoint(1));
      await assert.rejects(writeCheckpoint(folder, checkpoint(2, 40_000)), isFault('disk-full'));
      assert.deepEqual(await readCheckpoint(folder, fingerprint), checkpoint(1));
      assert.deepEqual(readdirSync(folder), ['checkpoint-1'], 'nothing half-written is left');
    } finally {
      spawnSync('umount', ['-l', folder]);
    }
    return undefined;
  });
});

test('the log of a run that was killed goes on where its checkpoint was', async () => {
  const path = join(fresh(), 'log.jsonl');
  const step = (stage: number, epoch: number, batch: number): LogEntry => ({
    kind: 'step',
    stage,
    epoch,
    batch,
    loss: 1 / 3,
    smoothedLoss: 1,
    gradientNorm: 1,
    learningRate: 1,
    momentum: 0.9,
  });
  const epoch = (stage: number, number: number): LogEntry => ({
    kind: 'epoch',
    stage,
    epoch: number,
    trainLoss: 1,
    validationLoss: 2,
    validationAccuracy: 0.5,
    seconds: 1,
    imagesPerSecond: 3,
  });
  const log = await TrainingLog.open(path, { stage: 0, epoch: 0, batch: 0 });
  await log.add([step(0, 0, 0), step(0, 0, 1), epoch(0, 0), step(0, 1, 0), epoch(0, 1), step(1, 0, 0), step(1, 0, 1), step(1, 0, 2)]);
  appendFileSync(path, '{"kind":"step","stage":1,"epo');
  assert.deepEqual((await TrainingLog.open(path, { stage: 1, epoch: 0, batch: 2 })).entries.length, 7);
  assert.deepEqual((await TrainingLog.open(path, { stage: 0, epoch: 1, batch: 0 })).entries, [step(0, 0, 0), step(0, 0, 1), epoch(0, 0)]);
  assert.equal(readFileSync(path, 'utf8').split('\n').length, 4);
});
