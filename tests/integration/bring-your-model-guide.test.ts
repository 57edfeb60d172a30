import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { commandLine } from '../../src/commands/program.js';
import { projectRoot } from '../../src/config.js';
import { architectureOf } from '../../src/network/architecture-spec.js';
import { initialWeights } from '../../src/network/initial-weights.js';
import { densenetPresets } from '../../src/network/densenet.js';
import { resnetPresets } from '../../src/network/resnet.js';
import { writeSafetensors } from '../../src/network/safetensors.js';
import { openRegistry } from '../../src/registry/registry.js';
import { temporaryDirectory } from '../support/orthanc.js';

const guide = readFileSync(join(projectRoot, 'docs/guide/bring-your-model.md'), 'utf8');
const fixtures = join(projectRoot, 'tests/fixtures/adopt');
const folder = temporaryDirectory('guide');
const dataDir = join(folder, 'data');

/** The commands of a section of the guide, word by word as a shell would split them. */
function commandsOf(section: string): readonly (readonly string[])[] {
  const text = guide.split(/^## /m).find((one) => one.startsWith(`${section}\n`))!;
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1]!);
  const lines = blocks.flatMap((block) => block.trim().split('\n'));
  return lines.map((line) => [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2]!)).map(([, ...words]) => words);
}

/** Tensors of a ResNet-18 with fastai's head as `learn.save` names them: body and head are the two parts of a Sequential. */
function learnerFile(): Uint8Array {
  const architecture = architectureOf({
    family: 'resnet',
    ...resnetPresets['resnet-18'],
    widths: [64, 128, 256, 512],
    strides: [1, 2, 2, 2],
    inputChannels: 3,
    outputs: 2,
    head: 'fastai',
  });
  const places: readonly (readonly [RegExp, string])[] = [
    [/^conv1\./, '0.0.'],
    [/^bn1\./, '0.1.'],
    [/^layer(\d)\./, '0.'],
  ];
  const named = [...initialWeights(architecture, 1)].map(([name, tensor]) => {
    const stage = /^layer(\d)\./.exec(name);
    if (stage) return [name.replace(stage[0], `0.${3 + Number(stage[1])}.`), tensor] as const;
    const [from, to] = places.find(([pattern]) => pattern.test(name)) ?? [];
    return [from ? name.replace(from, to!) : name.replace(/^head\./, '1.'), tensor] as const;
  });
  return writeSafetensors(new Map(named));
}

function densenetFile(outputs: number): Uint8Array {
  const layers = densenetPresets['densenet-121'];
  const architecture = architectureOf({ family: 'densenet', layers, inputChannels: 1, outputs, head: 'torchvision' });
  return writeSafetensors(initialWeights(architecture, 1));
}

function writeBundle(): void {
  const configs = join(folder, 'bundle/configs');
  mkdirSync(configs, { recursive: true });
  mkdirSync(join(folder, 'bundle/models'));
  writeFileSync(join(folder, 'bundle/models/model.pt'), densenetFile(4));
  const labels = ['Pneumonia', 'Pleural Effusion', 'Nodule', 'Cardiomegaly'];
  writeFileSync(
    join(configs, 'metadata.json'),
    JSON.stringify({
      name: 'Chest bundle',
      network_data_format: {
        inputs: { image: { type: 'image', num_channels: 1, spatial_shape: [64, 64] } },
        outputs: { pred: { type: 'probabilities', num_channels: labels.length, channel_def: Object.fromEntries(labels.entries()) } },
      },
    }),
  );
  const keys = 'image';
  writeFileSync(
    join(configs, 'inference.json'),
    JSON.stringify({
      network_def: { _target_: 'DenseNet121', spatial_dims: 2, in_channels: 1, out_channels: labels.length },
      preprocessing: {
        _target_: 'Compose',
        transforms: [
          { _target_: 'LoadImaged', keys },
          { _target_: 'EnsureChannelFirstd', keys },
          { _target_: 'Resized', keys, spatial_size: [64, 64] },
          { _target_: 'ScaleIntensityd', keys, minv: 0, maxv: 1 },
          { _target_: 'EnsureTyped', keys },
        ],
      },
      postprocessing: { _target_: 'Compose', transforms: [{ _target_: 'Activationsd', keys: 'pred', sigmoid: true }] },
    }),
  );
}

before(() => {
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(join(folder, 'densenet121-res224-all.pt'), densenetFile(18));
  cpSync(join(fixtures, 'onnx/cnn-opset17.onnx'), join(folder, 'classifier.onnx'));
  cpSync(join(fixtures, 'tensorflowjs/teachable-machine'), join(folder, 'teachable-machine'), { recursive: true });
  writeFileSync(join(folder, 'learner.pth'), learnerFile());
  writeBundle();
  process.chdir(folder);
  Object.assign(process.env, { DATA_DIR: dataDir, ENGINE: 'onnx-cpu', LOG_LEVEL: 'error' });
});

const recipes: Readonly<Record<string, readonly string[]>> = {
  torchxrayvision: [
    'atelectasis',
    'consolidation',
    'infiltration',
    'pneumothorax',
    'edema',
    'emphysema',
    'fibrosis',
    'pleural-effusion',
    'pneumonia',
    'pleural-thickening',
    'cardiomegaly',
    'nodule',
    'mass',
    'hernia',
    'lung-lesion',
    'fracture',
    'opacity',
    'enlarged-cardiomediastinum',
  ],
  ONNX: ['pneumonia', 'pleural-effusion'],
  'Teachable Machine': ['pneumonia', 'tuberculosis'],
  MONAI: ['pneumonia', 'pleural-effusion', 'nodule', 'cardiomegaly'],
  'The fastai notebook': ['covid-19', 'normal'],
};

for (const [section, findings] of Object.entries(recipes))
  test(`the recipe "${section}" of the guide adopts a file of this kind, with coded findings, not calibrated here`, async () => {
    // Beside the published name, the section names the preset for other files of the publisher.
    const commands = commandsOf(section).filter((words) => words[2] !== 'densenet.pt');
    assert.equal(commands.length, 1);
    const registry = openRegistry(join(dataDir, 'models'));
    const known = await registry.versions();
    await commandLine(() => undefined).parseAsync([...commands[0]!], { from: 'user' });
    const [version] = (await registry.versions()).filter((one) => !known.includes(one));
    assert.ok(version, 'a new version');
    const { networks, file, card } = await registry.load(version);
    const found = networks.xray!.outputs.flatMap((output) => (output.kind === 'finding' ? [output] : []));
    assert.deepEqual(
      found.map(({ name }) => name),
      findings,
    );
    assert.ok(found.every(({ calibratedHere }) => calibratedHere === false));
    assert.ok(file.adopted);
    assert.match(card, /not calibrated here/i);
  });
