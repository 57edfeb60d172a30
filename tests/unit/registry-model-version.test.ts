import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Fault } from '../../src/errors.js';
import { writeSafetensors, type Tensor } from '../../src/network/safetensors.js';
import { loadModelVersion } from '../../src/registry/model-version.js';
import { exampleArchitecture } from './network-examples.js';
import { seededWeights } from './network-seeded.js';
import { knownNetwork } from '../../src/network/loadable-network.js';

const folders: string[] = [];
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

const features = 192;

/** The starter's shape with weights from the formula, and a gate around nothing in particular. */
function tensorsWithGate(): Map<string, Tensor> {
  const precision = new Float32Array(features * features);
  for (let row = 0; row < features; row++) precision[row * features + row] = 1;
  return new Map([
    ...seededWeights(exampleArchitecture('starter')),
    ['gate.mean', { shape: [features], data: new Float32Array(features) }],
    ['gate.precision', { shape: [features, features], data: precision }],
  ]);
}

const description = {
  name: 'orthanc-chest-ai starter',
  manufacturer: 'orthanc-chest-ai',
  created: '2026-01-31',
  license: 'test',
  networks: {
    xray: {
      architecture: {
        family: 'resnet',
        block: 'basic',
        inputChannels: 1,
        layers: [1, 1, 1, 1],
        widths: [32, 64, 128, 192],
        strides: [1, 2, 2, 1],
        outputs: 3,
      },
      weights: 'xray.safetensors',
      input: { width: 192, height: 192, channels: 1, resize: 'bilinear-antialias', normalization: 'per-image' },
      outputs: [
        { name: 'pneumonia', kind: 'finding', temperature: 1.5, absentBelow: 0.2, presentFrom: 0.6 },
        { name: 'covid-19', kind: 'finding', temperature: 1, absentBelow: 0.1, presentFrom: 0.7 },
        { name: 'frontal-chest', kind: 'gate', temperature: 1, acceptFrom: 0.5 },
      ],
      gate: { mean: 'gate.mean', precision: 'gate.precision', maxDistance: 20 },
    },
  },
  figures: { xray: {} },
};

type Change = (model: typeof description & { networks: { xray: Record<string, unknown> } }, tensors: Map<string, Tensor>) => void;

async function modelFolder(change: Change = () => undefined): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'chest-ai-registry-'));
  folders.push(folder);
  const tensors = tensorsWithGate();
  const model = structuredClone(description) as Parameters<Change>[0];
  change(model, tensors);
  const weights = writeSafetensors(tensors);
  await writeFile(join(folder, 'xray.safetensors'), weights);
  model.networks.xray['sha256'] ??= createHash('sha256').update(weights).digest('hex');
  await writeFile(join(folder, 'model.json'), JSON.stringify(model));
  return folder;
}

async function refusal(folder: string): Promise<string> {
  const error = await loadModelVersion(folder).then(
    () => new Error('was taken'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Fault && error.code === 'model-invalid', String(error));
  return error.message;
}

test('a model is read, checked and named by its content', async () => {
  const folder = await modelFolder();
  await writeFile(join(folder, 'CARD.md'), '# Card');
  const model = await loadModelVersion(folder);
  assert.match(model.version, /^[0-9a-f]{12}$/);
  assert.match(model.deviceUID, /^2\.25\.[1-9]\d{30,38}$/);
  assert.ok(model.deviceUID.length <= 64);
  assert.equal(model.card, '# Card');
  const xray = model.networks.xray!;
  assert.equal(model.networks.ct, undefined);
  assert.equal(knownNetwork(xray.network, 'test').architecture.outputs, 3);
  assert.equal(knownNetwork(xray.network, 'test').tensors.has('gate.mean'), false);
  assert.equal(xray.gate!.mean.length, features);
  assert.equal(xray.gate!.precision.length, features * features);
});

test('figures and the order of keys do not change the version; a threshold, a weight or a date does', async () => {
  const version = async (change?: Change): Promise<string> => (await loadModelVersion(await modelFolder(change))).version;
  const plain = await version();
  assert.equal(await version((model) => Object.assign(model, { figures: { auroc: 1 } })), plain);
  const reordered = await modelFolder();
  const content = JSON.parse(await readFile(join(reordered, 'model.json'), 'utf8')) as Record<string, unknown>;
  await writeFile(join(reordered, 'model.json'), JSON.stringify(Object.fromEntries(Object.entries(content).reverse())));
  assert.equal((await loadModelVersion(reordered)).version, plain);
  const others = await Promise.all([
    version((model) => Object.assign(model, { created: '2026-02-01' })),
    version((model) => Object.assign(model.networks.xray.gate as object, { maxDistance: 21 })),
    version((_, tensors) => tensors.get('fc.bias')!.data.fill(0.5)),
  ]);
  assert.equal(new Set([plain, ...others]).size, 4);
});

test('whatever is wrong is named with its place, and nothing is loaded', async () => {
  const bad = async (change: Change, message: RegExp): Promise<void> => assert.match(await refusal(await modelFolder(change)), message);
  await bad(
    (model) => Object.assign(model.networks.xray, { sha256: '0'.repeat(64) }),
    /expected sha256 0{64}, found [0-9a-f]{64} \[.*xray.safetensors\]/,
  );
  await bad((model) => Object.assign(model.networks.xray, { sha256: 'short' }), /networks.xray.sha256: expected 64 hexadecimal digits/);
  await bad((model) => Object.assign(model, { threshold: 1 }), /threshold/);
  await bad((model) => Object.assign(model, { networks: {} }) && Object.assign(model.networks, { xray: {} }), /networks.xray.architecture/);
  await bad(
    (model) => void model.networks.xray.outputs.pop(),
    /networks.xray.outputs: expected 3 outputs as the architecture has, found 2/,
  );
  await bad(
    (model) => Object.assign(model.networks.xray.outputs[0]!, { absentBelow: 0.9 }),
    /networks.xray.outputs.0.absentBelow: absentBelow must not be above presentFrom/,
  );
  await bad((model) => Object.assign(model.networks.xray.outputs[0]!, { presentFrom: 60 }), /networks.xray.outputs.0.presentFrom/);
  await bad(
    (model) => Object.assign(model.networks.xray.outputs[1]!, { name: 'pneumonia' }),
    /networks.xray.outputs: expected different names/,
  );
  await bad(
    (model) => Object.assign(model.networks.xray, { weights: '../secret' }),
    /networks.xray.weights: expected a file name without folder/,
  );
  await bad(
    (model) => Object.assign(model.networks.xray, { weights: 'absent.safetensors' }),
    /the file is missing \[.*absent.safetensors\]/,
  );
  await bad((model) => Object.assign(model.networks.xray.input, { channels: 3 }), /networks.xray.input.channels: expected 1 channels/);
  await bad((_, tensors) => void tensors.delete('gate.precision'), /tensor gate.precision: expected shape \[192, 192\], found none/);
  await bad(
    (_, tensors) => void (tensors.get('gate.precision')!.data[0] = -1),
    /tensor gate.precision: expected a positive diagonal, found -1 in row 0/,
  );
  await bad((_, tensors) => void (tensors.get('gate.precision')!.data[1] = 3), /tensor gate.precision: expected a symmetric matrix/);
  await bad(
    (_, tensors) => void tensors.set('surplus', { shape: [1], data: new Float32Array(1) }),
    /tensor surplus: expected none of this name/,
  );
  await bad((_, tensors) => void tensors.delete('conv1.weight'), /tensor conv1.weight: expected shape \[32, 1, 7, 7\], found none/);
});

test('a folder without a model, and a model.json that is not JSON', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'chest-ai-registry-'));
  folders.push(folder);
  assert.match(await refusal(folder), /the file is missing \[.*model.json\]/);
  await writeFile(join(folder, 'model.json'), '{');
  assert.match(await refusal(folder), /expected JSON/);
});
