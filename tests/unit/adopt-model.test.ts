import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { adoptModel } from '../../src/adoption/adopt-model.js';
import { codedOutputs } from '../../src/adoption/coded-outputs.js';
import { inputOfOptions } from '../../src/adoption/input-options.js';
import { publishedClassifiers } from '../../src/adoption/published-classifiers.js';
import type { AdoptOptions, AdoptPorts } from '../../src/adoption/source-request.js';
import { tryCandidate } from '../../src/adoption/try-candidate.js';
import { projectRoot } from '../../src/config.js';
import { candidate as engineCandidate } from '../../src/engine/candidates.js';
import { Fault } from '../../src/errors.js';
import { findingProbabilities } from '../../src/evaluation/probability.js';
import { findingOfLabel, loadFindings } from '../../src/findings-config.js';
import { readPytorch } from '../../src/network/pth.js';
import { readSafetensors, writeSafetensors } from '../../src/network/safetensors.js';
import { openRegistry } from '../../src/registry/registry.js';

const findings = loadFindings(join(projectRoot, 'config/findings.json'));
const fixtures = join(projectRoot, 'tests/fixtures/adopt');
const folder = mkdtempSync(join(tmpdir(), 'adopt-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** In this process; the confined one has its own tests. */
const ports: AdoptPorts = {
  foreign: { isForeign: () => Promise.resolve(false), read: () => Promise.reject(new Error('not here')) },
  weights: {
    read: (path, { key } = {}) => {
      const bytes = readFileSync(path);
      if (bytes[0] === 0x50 || bytes[0] === 0x80) return Promise.resolve(readPytorch(bytes, path, { key }));
      return Promise.resolve({ kind: 'state_dict', tensors: readSafetensors(bytes, path), unread: [] });
    },
  },
  findings,
  downloads: join(folder, 'weights'),
  codeVersion: '0',
  now: new Date('2026-11-29T12:00:00Z'),
};
const options = (change: Partial<AdoptOptions> = {}): AdoptOptions => ({ kind: 'xray', map: [], ...change });

const refuses = async (work: () => unknown, message: RegExp): Promise<void> => {
  await assert.rejects(
    async () => work(),
    (error) => error instanceof Fault && message.test(error.message),
  );
};

interface Golden {
  readonly input: { readonly channels: number; readonly side: number; readonly seed: number };
  readonly scale: number;
  readonly logits: readonly number[];
  readonly probabilities: readonly number[];
}

/** As tests/oracles/adopt/pytorch_files.py makes it. */
function goldenInput({ input: { channels, side, seed }, scale }: Golden): Float32Array {
  return Float32Array.from({ length: channels * side * side }, (_, index) => (((index * 7919 + seed) % 2048) / 1024 - 1) * scale);
}

for (const format of ['zip', 'legacy'])
  test(`torchxrayvision's DenseNet as it is published (${format}): a version with its labels, whose probabilities are torchxrayvision's`, async () => {
    const file = join(fixtures, `xrv-module-${format}.pt`);
    const golden = JSON.parse(readFileSync(join(fixtures, `xrv-module-${format}.json`), 'utf8')) as Golden;
    const { candidate, network, messages } = await adoptModel(file, options({ size: '64' }), ports);
    assert.match(messages[0]!, /network: densenet.*from a pickled torchxrayvision\.models\.DenseNet/);
    assert.deepEqual(
      network.outputs.map(({ kind, name }) => `${kind} ${name}`),
      ['finding pleural-effusion', 'finding pleural-thickening', 'ignored 2', 'finding opacity'],
    );
    assert.deepEqual(network.input, {
      width: 64,
      height: 64,
      channels: 1,
      fit: 'centre-crop',
      resize: 'gaussian-bilinear',
      normalization: { range: [-1024, 1024] },
    });
    const engine = await engineCandidate('onnx-cpu').start(1, 'test');
    try {
      await tryCandidate(engine, network, 'xray');
      const version = await openRegistry(join(folder, `registry-${format}`)).add(candidate);
      assert.deepEqual([version.adopted?.format, version.adopted?.preset], ['pickled PyTorch module', 'torchxrayvision']);
      assert.ok(readdirSync(version.directory).includes('network-input.png'));
      assert.match(version.card, /not calibrated here/);
      const served = version.networks.xray!;
      assert.equal(served.gate, undefined);
      const predictor = await engine.load(served.network);
      const { side } = golden.input;
      const { logits } = await predictor.predict({ data: goldenInput(golden), batch: 1, channels: 1, height: side, width: side });
      logits.forEach((logit, index) => assert.ok(Math.abs(logit - golden.logits[index]!) < 1e-4, `logit ${index}: ${logit}`));
      // the file has no operating points: sigmoids; with torchxrayvision's points its op_norm
      const points = [0.1, 0.3, Number.NaN, 0.25];
      const coded = codedOutputs({
        count: 4,
        labels: ['Effusion', 'Pleural_Thickening', '', 'Lung Opacity'],
        operatingPoints: points,
        map: [],
        findings,
      });
      const probabilities = findingProbabilities(logits, { outputs: coded.outputs, objective: 'several' });
      const expected = golden.probabilities.filter((_, index) => index !== 2);
      probabilities.forEach((one, index) => assert.ok(Math.abs(one - expected[index]!) < 1e-4, `${one}, expected ${expected[index]}`));
      await predictor.release();
    } finally {
      await engine.close();
    }
  });

test('a state_dict needs what its file does not tell, and each error names the option', async () => {
  const content = readPytorch(readFileSync(join(fixtures, 'xrv-module-zip.pt')));
  const file = join(folder, 'weights.safetensors');
  writeFileSync(file, writeSafetensors(content.tensors));
  await refuses(
    () => adoptModel(file, options(), ports),
    /expected --preset or --size, found neither: which pictures does the network take/,
  );
  await refuses(() => adoptModel(file, options({ size: '64' }), ports), /expected --preset, --range, .*which values does the network take/);
  await refuses(() => adoptModel(file, options({ preset: 'xrv' }), ports), /expected --preset as one of torchxrayvision, .*found xrv/);
  await refuses(
    () => adoptModel(file, options({ preset: 'plain' }), ports),
    /does not name its 4 outputs: state the names in their order by --labels/,
  );
  const labels = 'Effusion,Nodule,Aortic enlargement,Whatever';
  await refuses(() => adoptModel(file, options({ preset: 'plain', labels }), ports), /expected --objective several .* or one-of-many/);
  await refuses(
    () => adoptModel(file, options({ preset: 'plain', labels: 'a,b' }), ports),
    /expected 4 names of outputs, found 2: state them in their order by --labels/,
  );
  await refuses(() => adoptModel(file, options({ file }), ports), /expected --file only with a published name/);
  await refuses(() => adoptModel(join(folder, 'nothing.pt'), options(), ports), /found nothing at/);
  await refuses(() => adoptModel(folder, options(), ports), /expected a folder of TensorFlow\.js with model\.json, or a MONAI bundle/);
  const { network, messages } = await adoptModel(file, options({ preset: 'plain', labels, objective: 'several', size: '64' }), ports);
  assert.deepEqual(
    network.outputs.map(({ name }) => name),
    ['pleural-effusion', 'nodule', 'aortic-enlargement', '3 Whatever'],
  );
  assert.ok(messages.some((line) => line === 'Whatever: ignored: no finding of this name in config/findings.json, --map sets one'));
});

test('outputs are mapped by name, synonym or --map; mistakes are named', async () => {
  const request = { count: 3, labels: ['Mass', 'Lung Mass', 'x'], map: [] as string[], findings };
  await refuses(() => codedOutputs(request), /outputs 0 \(Mass\) and 1 \(Lung Mass\) both mean mass: --map one of them/);
  await refuses(
    () => codedOutputs({ ...request, map: ['y=mass'] }),
    /--map y=mass: expected the name of an output \(Mass, Lung Mass, x\) or its number from 0 to 2/,
  );
  await refuses(
    () => codedOutputs({ ...request, map: ['x=gout'] }),
    /--map x=gout: expected a finding of config\/findings\.json .* or ignore, found gout/,
  );
  await refuses(() => codedOutputs({ ...request, map: ['x'] }), /expected --map OUTPUT=FINDING, found x/);
  await refuses(
    () => codedOutputs({ count: 1000, map: [], findings }),
    /found 1000 outputs, as of a network for the photographs of ImageNet/,
  );
  await refuses(() => codedOutputs({ count: 1, labels: ['cat'], map: [], findings }), /none of the 1 outputs \(cat\) is a finding/);
  const { outputs } = codedOutputs({ ...request, map: ['1=ignore', 'x=pneumonia'] });
  assert.deepEqual(
    outputs.map(({ kind, name }) => `${kind} ${name}`),
    ['finding mass', 'ignored 1 Lung Mass', 'finding pneumonia'],
  );
});

test('every label of torchxrayvision, NIH, CheXpert and VinDr is a finding with a code', () => {
  const nih =
    'Atelectasis Cardiomegaly Effusion Infiltration Mass Nodule Pneumonia Pneumothorax Consolidation Edema Emphysema Fibrosis Pleural_Thickening Hernia';
  const chexpert =
    'No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,Lung Lesion,Edema,Consolidation,Pneumonia,Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,Fracture,Support Devices';
  const vindr =
    'Aortic enlargement,Atelectasis,Calcification,Cardiomegaly,Clavicle fracture,Consolidation,Edema,Emphysema,Enlarged PA,ILD,Infiltration,Lung cavity,Lung cyst,Lung Opacity,Mediastinal shift,Nodule/Mass,Pleural effusion,Pleural thickening,Pneumothorax,Pulmonary fibrosis,Rib fracture,Other lesion,COPD,Lung tumor,Pneumonia,Tuberculosis,Other disease,No finding';
  const xrv = publishedClassifiers.flatMap(({ labels }) => labels.filter((label) => label !== ''));
  const all = [...nih.split(' '), ...chexpert.split(','), ...vindr.split(','), ...xrv];
  assert.deepEqual(
    all.filter((label) => findingOfLabel(findings, label) === undefined),
    [],
  );
  assert.equal(findingOfLabel(findings, ''), undefined);
});

test("torchxrayvision's catalogue: names, points and files belong together; without network access the refusal says where the file is", async () => {
  assert.equal(publishedClassifiers.length, 8);
  for (const { name, url, labels, operatingPoints } of publishedClassifiers) {
    assert.equal(labels.length, operatingPoints.length, name);
    labels.forEach((label, index) => label === '' && assert.equal(operatingPoints[index], null, `${name}, output ${index}`));
    await refuses(
      () => adoptModel(name, options(), ports),
      new RegExp(
        `found none\\. Its publisher states no checksum: download ${url.replace(/[.]/g, '\\.')} and adopt it by .models adopt ${name} --file FILE`,
      ),
    );
  }
  await refuses(
    () => adoptModel('torchxrayvision/densenet', options(), ports),
    /expected one of torchxrayvision\/densenet121-res224-all, /,
  );
  await refuses(
    () => adoptModel('torchxrayvision/densenet121-res224-all', options({ file: join(fixtures, 'xrv-module-zip.pt') }), ports),
    /expected 18 outputs as torchxrayvision\/densenet121-res224-all has, found 4/,
  );
  await refuses(
    () =>
      adoptModel(
        'torchxrayvision/densenet121-res224-all',
        options({ file: join(fixtures, 'xrv-module-zip.pt'), sha256: '0'.repeat(64) }),
        ports,
      ),
    /expected sha256 0{64}, found/,
  );
});

test('preprocessing by single options; what contradicts itself or the network names the option', async () => {
  const input = inputOfOptions(
    { size: '320x256', fit: 'pad', padding: '0.5', resize: 'bicubic-antialias', mean: '127.5', std: '127.5', scale: '255' },
    { channels: 3 },
  );
  assert.deepEqual(input, {
    width: 320,
    height: 256,
    channels: 3,
    fit: 'pad',
    padding: 0.5,
    resize: 'bicubic-antialias',
    normalization: { mean: [127.5], std: [127.5], scale: 255 },
  });
  assert.equal(inputOfOptions({ preset: 'imagenet', size: '448' }, { channels: 3 }).shorterSide, 512);
  const ct = inputOfOptions({ range: '-1,1', size: '64', window: ['-600,1500', '40,400', '400,1800'] }, { channels: 3 });
  assert.equal(ct.windows?.length, 3);
  await refuses(() => inputOfOptions({ range: '0,1' }, {}), /expected --preset or --size/);
  await refuses(() => inputOfOptions({ range: '0', size: '64' }, {}), /expected --range as 2 numbers separated by commas, found 0/);
  await refuses(() => inputOfOptions({ range: '0,1', imageRange: '0,1', size: '64' }, {}), /expected one of --range, --image-range/);
  await refuses(() => inputOfOptions({ mean: '0', size: '64' }, {}), /expected --mean together with --std/);
  await refuses(() => inputOfOptions({ preset: 'plain', resize: 'best' }, {}), /preprocessing, resize: expected one of bilinear-antialias/);
  await refuses(
    () => inputOfOptions({ preset: 'plain', size: '128' }, { width: 224, height: 224 }),
    /expected --size 224x224 as the network has it, found 128/,
  );
});
