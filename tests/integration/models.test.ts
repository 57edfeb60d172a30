import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { projectRoot } from '../../src/config.js';
import { OnnxEngine } from '../../src/engine/onnx/onnx-engine.js';
import { gateDecisionSchema } from '../../src/evaluation/promotion/gate-decision.js';
import { loadModelVersion } from '../../src/registry/model-version.js';
import { openRegistry } from '../../src/registry/registry.js';
import { changedStarter } from '../support/changed-starter.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { twoFindingModel } from '../support/two-finding-model.js';

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function models(dataDir: string, ...parameters: readonly string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(projectRoot, 'dist/src/cli.js'), 'models', ...parameters],
      {
        cwd: projectRoot,
        env: { PATH: process.env['PATH'], DATA_DIR: dataDir, MODEL_DIR: twoFindingModel, ENGINE: 'onnx-cpu', LOG_LEVEL: 'error' },
        maxBuffer: 1e8,
      },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
    );
  });
}

const starter = await loadModelVersion(twoFindingModel);
const reason = { by: 'test', why: 'first', at: new Date() };

test('list, show, promote, rollback as an operator calls them', async () => {
  const dataDir = temporaryDirectory('models');
  assert.match((await models(dataDir, 'list')).stdout, new RegExp(`^${starter.version} .* shipped: becomes the champion`));
  const registry = openRegistry(join(dataDir, 'models'));
  await registry.importFolder(starter.directory);
  await registry.putFirst(starter.version, reason);
  const { version } = await registry.add(changedStarter(starter, '2026-11-24'));
  const listed = (await models(dataDir, 'list', '--json')).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { version: string; alias: string | null });
  assert.deepEqual(
    new Map(listed.map((one) => [one.version, one.alias])),
    new Map([
      [version, null],
      [starter.version, 'champion'],
    ]),
  );
  const refused = await models(dataDir, 'promote', version);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /expected a change record in which the gate lets [0-9a-f]{12} through/);
  assert.equal((await models(dataDir, 'promote', version, '--without-gate')).code, 1);
  assert.match(
    (await models(dataDir, 'promote', version.slice(0, 6), '--without-gate', '--reason', 'a test')).stdout,
    new RegExp(`^champion is ${version}, before ${starter.version}`),
  );
  assert.match((await models(dataDir, 'show')).stdout, /promote {2}champion .* by command line: without the gate: a test/);
  assert.match((await models(dataDir, 'challenge', starter.version)).stdout, new RegExp(`challenger is ${starter.version}`));
  assert.match((await models(dataDir, 'rollback')).stdout, new RegExp(`^champion is ${starter.version} again, before ${version}`));
  const shown = JSON.parse((await models(dataDir, 'show', version, '--json')).stdout) as {
    lineage: { parent: string };
    history: unknown[];
  };
  assert.equal(shown.lineage.parent, starter.version);
  assert.ok(shown.history.length >= 2);
});

test('export and import: the same version elsewhere; the ONNX file gives the same answers', async () => {
  const [here, there, out] = [temporaryDirectory('models'), temporaryDirectory('models'), temporaryDirectory('export')];
  assert.equal((await models(here, 'export', 'champion', '--out', join(out, 'whole'))).code, 0);
  assert.match((await models(there, 'import', join(out, 'whole'))).stdout, new RegExp(`^${starter.version} `));
  assert.deepEqual(await openRegistry(join(there, 'models')).versions(), [starter.version]);
  assert.match((await models(here, 'export', 'champion', '--out', join(out, 'whole'))).stderr, /expected an empty folder/);
  assert.match(
    (await models(here, 'export', 'champion', '--out', join(out, 'other'), '--format', 'pickle')).stderr,
    /expected --format onnx or safetensors, found pickle/,
  );
  assert.equal((await models(here, 'export', 'champion', '--out', join(out, 'onnx'), '--format', 'onnx')).code, 0);
  assert.deepEqual((await readdir(join(out, 'onnx'))).sort(), ['CARD.md', 'ct.json', 'ct.onnx', 'xray.json', 'xray.onnx']);
  const data = Float32Array.from({ length: 192 * 192 }, (_, i) => Math.sin(i / 50));
  const session = await InferenceSession.create(join(out, 'onnx', 'xray.onnx'));
  const { logits } = await session.run({ input: new Tensor('float32', data, [1, 1, 192, 192]) });
  const engine = new OnnxEngine({ settings: { provider: 'cpu', threads: 1 }, description: { name: 'test', why: 'test' } });
  const predictor = await engine.load(starter.networks.xray!.network);
  const expected = (await predictor.predict({ data, batch: 1, channels: 1, height: 192, width: 192 })).logits;
  [...(logits!.data as Float32Array)].forEach((value, i) => assert.ok(Math.abs(value - expected[i]!) < 1e-4));
  await engine.close();
});

test('gate: a refusal is a result, with its record', async () => {
  const dataDir = temporaryDirectory('models');
  const registry = openRegistry(join(dataDir, 'models'));
  await registry.importFolder(starter.directory);
  await registry.putFirst(starter.version, reason);
  const { version } = await registry.add(changedStarter(starter, '2026-11-24'));
  const dataset = temporaryDirectory('gate');
  for (const label of ['covid-19', 'no-finding']) {
    await mkdir(join(dataset, label));
    for (let number = 0; number < 6; number++)
      await sharp(Buffer.from(Uint8Array.from({ length: 64 * 64 }, (_, i) => (i * (number + 3)) % 251)), {
        raw: { width: 64, height: 64, channels: 1 },
      })
        .png()
        .toFile(join(dataset, label, `${number}.png`));
  }
  await writeFile(join(dataset, 'rules.json'), JSON.stringify({ resamples: 100 }));
  const run = await models(dataDir, 'gate', version, '--dataset', dataset, '--rules', join(dataset, 'rules.json'), '--promote', '--json');
  assert.equal(run.code, 1, run.stderr);
  const decision = gateDecisionSchema.parse(JSON.parse(run.stdout));
  assert.deepEqual(
    [decision.decision, decision.challenger, decision.champion, decision.testSet.n],
    ['refused', version, starter.version, 12],
  );
  assert.ok(decision.criteria.some(({ name, passed }) => name === 'enough-patients' && !passed));
  assert.equal((await registry.aliases())?.champion, starter.version);
  const [id] = await registry.changes();
  const record = await registry.change(id!);
  assert.deepEqual([record.outcome, record.challenger, record.decision?.why], ['refused', version, decision.why]);
  const markdown = await readFile(join(registry.directory, 'changes', `${id}.md`), 'utf8');
  assert.match(markdown, /# Change gate-.*: refused/);
  assert.match(markdown, /\*\*failed\*\* \| enough-patients/);
  assert.match(markdown, /Not for diagnosis/);
});
