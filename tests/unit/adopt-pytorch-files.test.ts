import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault } from '../../src/errors.js';
import { readPytorch } from '../../src/network/pth.js';
import { projectRoot } from '../../src/config.js';

/** Made by tests/oracles/adopt/pytorch_files.py. */
const folder = join(projectRoot, 'tests/fixtures/adopt');
const fixture = (file: string): Buffer => readFileSync(join(folder, file));
const habits = JSON.parse(fixture('habits.json').toString()) as Record<string, number[]>;

const refuses = (work: () => unknown, message: RegExp): void => {
  assert.throws(work, (error) => error instanceof Fault && error.code === 'model-invalid' && message.test(error.message));
};

const rows = [
  ['state_dict', 'state_dict', '', 'epoch,arch,best_acc1,optimizer'],
  ['model_state_dict', 'model_state_dict', '', 'optimizer_state_dict,loss'],
  ['learner', 'model', '', 'opt'],
  ['lightning', 'state_dict', 'net.', undefined],
  ['data-parallel', undefined, 'module.', ''],
] as const;

for (const format of ['zip', 'legacy'] as const) {
  for (const [habit, entry, prefix, unread] of rows)
    test(`the weights of a checkpoint in the habit ${habit}, saved as ${format}`, () => {
      const content = readPytorch(fixture(`${habit}-${format}.pt`));
      assert.deepEqual([content.kind, content.entry], ['state_dict', entry]);
      if (unread !== undefined) assert.equal(content.unread.join(), unread);
      assert.deepEqual(
        [...content.tensors.keys()],
        Object.keys(habits).map((name) => `${prefix}${name}`),
      );
      for (const [name, values] of Object.entries(habits))
        assert.deepEqual([...content.tensors.get(`${prefix}${name}`)!.data], values, name);
    });

  test(`a checkpoint with two sets of weights needs --key, saved as ${format}`, () => {
    refuses(() => readPytorch(fixture(`two-${format}.pt`)), /weights under model and model_state_dict: choose one with --key NAME/);
    assert.equal(readPytorch(fixture(`two-${format}.pt`), 'file', { key: 'model_state_dict' }).entry, 'model_state_dict');
    refuses(() => readPytorch(fixture(`two-${format}.pt`), 'file', { key: 'ema' }), /expected an entry ema, found model, model_state_dict/);
  });

  test(`a whole module is read as data: its state_dict, saved as ${format}`, () => {
    const content = readPytorch(fixture(`whole-sequential-${format}.pt`));
    assert.deepEqual([content.kind, content.ofClass], ['module', 'torch.nn.modules.container.Sequential']);
    assert.deepEqual([...content.tensors.keys()], Object.keys(habits));
    for (const [name, values] of Object.entries(habits)) assert.deepEqual([...content.tensors.get(name)!.data], values, name);
  });

  test(`torchxrayvision's DenseNet as it is published, a pickled module, saved as ${format}`, () => {
    const file = fixture(`xrv-module-${format}.pt`);
    const content = readPytorch(file);
    assert.equal(content.ofClass, 'torchxrayvision.models.DenseNet');
    assert.deepEqual(content.labels, ['Effusion', 'Pleural_Thickening', '', 'Lung Opacity']);
    assert.deepEqual(content.tensors.get('features.conv0.weight')!.shape, [64, 1, 7, 7]);
    assert.equal(content.tensors.has('op_threshs'), false);
    assert.ok(content.tensors.has('features.denseblock1.denselayer1.norm1.running_mean'));
    for (let length = 0; length < file.length; length += 9973) refuses(() => readPytorch(file.subarray(0, length)), /./);
  });
}

test('pickle protocol 4 is read too', () => {
  assert.deepEqual([...readPytorch(fixture('protocol-4.pt')).tensors.keys()], Object.keys(habits));
});

test('an archive with names that lead outside, or whose entries are compressed, is refused', () => {
  const bytes = fixture('data-parallel-zip.pt');
  const outside = Buffer.from(bytes.toString('latin1').replaceAll('data-parallel-zip/data/0', 'data-parallel/../../data'), 'latin1');
  refuses(() => readPytorch(outside, 'evil.pt'), /the entry data-parallel\/\.\.\/\.\.\/data would lie outside the archive.*evil\.pt/);
  const compressed = Buffer.from(bytes);
  const entry = compressed.indexOf(Buffer.from('PK\x01\x02', 'latin1'));
  compressed.writeUInt16LE(8, entry + 10);
  refuses(() => readPytorch(compressed), /is compressed, which torch\.save does not do/);
});

test('values that are not finite are refused by the name of their tensor', () => {
  const bytes = fixture('data-parallel-zip.pt');
  const value = Buffer.alloc(4);
  value.writeFloatLE(habits['linear.weight']![0]!);
  const nan = Buffer.alloc(4);
  nan.writeFloatLE(NaN);
  const at = bytes.indexOf(value);
  assert.ok(at > 0);
  refuses(
    () => readPytorch(Buffer.concat([bytes.subarray(0, at), nan, bytes.subarray(at + 4)])),
    /tensor module\.linear\.weight: expected finite values, found NaN at element 0/,
  );
});

test('2,000 mutated files are read or refused with a sentence, none takes long', () => {
  const files = ['whole-sequential-legacy.pt', 'learner-zip.pt', 'learner-legacy.pt', 'protocol-4.pt'].map(fixture);
  const large = fixture('xrv-module-legacy.pt');
  let seed = 1;
  const random = (below: number): number => (seed = (seed * 48271) % 2147483647) % below;
  let slowest = 0;
  for (let index = 0; index < 2000; index++) {
    const bytes = Buffer.from(index % 40 === 0 ? large : files[index % files.length]!);
    // most of the structure stands at the ends of the file
    for (let change = 0; change <= random(4); change++)
      bytes[random(2) === 0 ? random(bytes.length) : random(2) === 0 ? random(2000) : bytes.length - 1 - random(1500)] = random(256);
    const begin = performance.now();
    try {
      readPytorch(bytes);
    } catch (error) {
      assert.ok(error instanceof Fault, `mutation ${index}: ${String(error)}`);
      assert.equal(error.code, 'model-invalid');
    }
    slowest = Math.max(slowest, performance.now() - begin);
  }
  assert.ok(slowest < 10_000, `the slowest took ${slowest} ms`);
});
