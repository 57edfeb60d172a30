import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { ConfinedWeightsReader } from '../../src/engine/foreign/read-weights.js';
import { ForeignModelReader } from '../../src/engine/foreign/read-foreign.js';
import { Fault } from '../../src/errors.js';
import { countedCodeRangeMb } from '../../src/lib/code-range.js';
import { writeSafetensors } from '../../src/network/safetensors.js';
import { mutated } from './adopt-mutations.js';

/* Committed models with seeded damage: `ADOPT_MUTATIONS=2000` is the long form. */
const count = Number(process.env['ADOPT_MUTATIONS'] ?? 200);
const fixtures = join(projectRoot, 'tests/fixtures/adopt');
const place = mkdtempSync(join(tmpdir(), 'chest-ai-mutated-'));
const limitMs = 10_000;
/** Of the first start of a process, and of a machine with much else to do. */
const graceMs = 10_000;
const memoryMb = 2_048;
const graphs = new ForeignModelReader({ memoryMb, timeoutMs: limitMs, threads: 1 });
const weights = new ConfinedWeightsReader({ memoryMb, timeoutMs: limitMs });
after(async () => {
  await Promise.all([graphs.close(), weights.close()]);
  rmSync(place, { recursive: true });
});

interface Original {
  readonly name: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Which of the files are damaged in turn. */
  readonly damaged: readonly string[];
  /** What is handed to the reader, within the folder. */
  readonly path: string;
  readonly read: (path: string) => Promise<unknown>;
}

const readGraph = (path: string): Promise<unknown> => graphs.read(path);
const readWeights = (path: string): Promise<unknown> => weights.read(path);

function folderOf(name: string, path = ''): Original {
  const folder = join(fixtures, name);
  const files = new Map(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file))] as const));
  return { name, files, damaged: [...files.keys()], path, read: readGraph };
}

function fileOf(name: string, read: Original['read'], content = readFileSync(join(fixtures, name))): Original {
  const file = `model.${name.split('.').at(-1)}`;
  return { name, files: new Map([[file, content]]), damaged: [file], path: file, read };
}

const safetensors = Buffer.from(
  writeSafetensors(
    new Map([
      ['conv1.weight', { shape: [4, 1, 3, 3], data: Float32Array.from({ length: 36 }, (_, index) => index / 36) }],
      ['fc.bias', { shape: [4], data: Float32Array.of(1, 2, 3, 4) }],
    ]),
  ),
);
/** A pickle that calls something: what it would do must not happen. */
const canary = join(place, 'executed');
const calling = Buffer.from(`\x80\x02cposix\nsystem\n(X${'\0\0\0\0'}tR.`, 'latin1');
const command = Buffer.from(`touch ${canary}`);
const pickle = Buffer.concat([calling.subarray(0, 17), Buffer.from([command.length, 0, 0, 0]), command, Buffer.from('tR.')]);

const originals: readonly Original[] = [
  fileOf('onnx/cnn-opset13.onnx', readGraph),
  fileOf('onnx/hidden-layer.onnx', readGraph),
  fileOf('onnx/cnn-opset22.onnx', readGraph),
  folderOf('onnx/external', 'model.onnx'),
  folderOf('tensorflowjs/layers-nested'),
  folderOf('tensorflowjs/teachable-machine'),
  folderOf('tensorflowjs/graph'),
  fileOf('state_dict-zip.pt', readWeights),
  fileOf('learner-legacy.pt', readWeights),
  fileOf('whole-sequential-zip.pt', readWeights),
  fileOf('calls.pkl.pt', readWeights, pickle),
  fileOf('weights.safetensors', readWeights, safetensors),
];

test(`${count} damaged model files of every format: each is read or refused with a sentence, within time and memory`, async (context) => {
  const outcomes = new Map<string, number>();
  const processes = new Set<number>();
  for (let serial = 0; serial < count; serial++) {
    const original = originals[serial % originals.length]!;
    const folder = join(place, `${serial}`);
    mkdirSync(folder);
    const victim = original.damaged[Math.floor(serial / originals.length) % original.damaged.length]!;
    for (const [name, content] of original.files) writeFileSync(join(folder, name), name === victim ? mutated(content, serial) : content);
    const begin = performance.now();
    const outcome = await original.read(join(folder, original.path)).then(
      () => 'read',
      (error: unknown) => {
        assert.ok(error instanceof Fault && error.code === 'model-invalid', `${original.name}, seed ${serial}: ${String(error)}`);
        assert.ok(error.detail.length > 10 && error.detail.length < 1_000, `${original.name}, seed ${serial}: ${error.detail}`);
        assert.doesNotMatch(
          error.detail,
          /\n| at .*:\d+:\d+|undefined is not|Cannot read properties/,
          `${original.name}, seed ${serial}: ${error.detail}`,
        );
        assert.ok(error.subject.source?.startsWith(folder));
        return 'refused';
      },
    );
    const milliseconds = performance.now() - begin;
    assert.ok(milliseconds < limitMs + graceMs, `${original.name}, seed ${serial}: ${milliseconds.toFixed(0)} ms`);
    const key = `${original.name} ${outcome}`;
    outcomes.set(key, (outcomes.get(key) ?? 0) + 1);
    for (const pid of [...(await graphs.pids()), weights.pid]) if (pid !== undefined) processes.add(pid);
    rmSync(folder, { recursive: true });
  }
  assert.equal(existsSync(canary), false, 'a pickle was executed');
  for (const pid of processes) checkMemory(pid);
  context.diagnostic([...outcomes].map(([key, number]) => `${key} ${number}`).join(', '));
  context.diagnostic(`${processes.size} processes`);
  // damage is not refused altogether: a flipped bit of a weight is a weight
  assert.ok([...outcomes].some(([key]) => key.endsWith(' read')));
  assert.equal(outcomes.get('calls.pkl.pt read'), undefined);
});

/** The kernel keeps the limit; what the process used at most lies below it. Linux only; a process that has ended tells nothing. */
function checkMemory(pid: number): void {
  let limits: string;
  let status: string;
  try {
    limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
    status = readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return;
  }
  const limit = Number(/Max data size\s+(\d+)/.exec(limits)?.[1]);
  assert.ok(limit <= (memoryMb + countedCodeRangeMb()) * 2 ** 20, limits);
  const peakKb = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]);
  assert.ok(peakKb > 0 && peakKb < memoryMb * 1024, `${peakKb} kB`);
}

test('a file that is too large for its process is refused, and the next one is read', async () => {
  const small = new ForeignModelReader({ memoryMb: 300, threads: 1 });
  const path = join(fixtures, 'onnx/cnn-opset17.onnx');
  try {
    // feature maps of 134 MB each
    await assert.rejects(
      small.read(join(fixtures, 'onnx/refused/open-sides.onnx'), { width: 4096, height: 4096 }),
      (error) => error instanceof Fault && error.code === 'model-invalid',
    );
  } finally {
    await small.close();
  }
  const hasty = new ForeignModelReader({ timeoutMs: 1, threads: 1 });
  try {
    await assert.rejects(hasty.read(path), /is read and computed within 1 s and 2048 MB, found one that is not \(it took longer\)/);
  } finally {
    await hasty.close();
  }
  await graphs.read(path);
});
