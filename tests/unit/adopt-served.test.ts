import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { adoptModel } from '../../src/adoption/adopt-model.js';
import { codedOutputs } from '../../src/adoption/coded-outputs.js';
import { projectRoot } from '../../src/config.js';
import { candidate as engineCandidate } from '../../src/engine/candidates.js';
import { loadFindings } from '../../src/findings-config.js';
import { readPytorch } from '../../src/network/pth.js';
import { readPicture } from '../../src/pixels/picture.js';
import { openRegistry } from '../../src/registry/registry.js';
import { serveModel } from '../../src/serving/served-model.js';

/** Made by tests/oracles/adopt/served.py with torchxrayvision's own preprocessing, network and op_norm. */
const fixtures = join(projectRoot, 'tests/fixtures/adopt');
const golden = JSON.parse(readFileSync(join(fixtures, 'served.json'), 'utf8')) as Readonly<Record<string, readonly number[]>>;
const shared = join(projectRoot, '../shared/data');
const pictures = Object.keys(golden).filter((name) => existsSync(join(shared, name)));

test('twenty real pictures: the served probabilities are torchxrayvision’s', {
  skip: pictures.length === 0 && '../shared/data is not here',
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'adopt-served-'));
  const findings = loadFindings(join(projectRoot, 'config/findings.json'));
  const engine = await engineCandidate('onnx-cpu').start(1, 'test');
  try {
    const { candidate, network } = await adoptModel(
      join(fixtures, 'xrv-module-zip.pt'),
      { kind: 'xray', map: [], size: '64' },
      {
        foreign: { isForeign: () => Promise.resolve(false), read: () => Promise.reject(new Error('not here')) },
        weights: { read: (path) => Promise.resolve(readPytorch(readFileSync(path), path)) },
        findings,
        downloads: folder,
        codeVersion: '0',
        now: new Date(),
      },
    );
    const labels = ['Effusion', 'Pleural_Thickening', '', 'Lung Opacity'];
    const { outputs } = codedOutputs({ count: 4, labels, operatingPoints: [0.1, 0.3, null, 0.25], map: [], findings });
    const version = await openRegistry(folder).add({ ...candidate, networks: { xray: { ...network, outputs } } });
    const served = await serveModel(version, engine, () => ({}));
    const images = await Promise.all(pictures.map((name) => readPicture(readFileSync(join(shared, name)))));
    const predictions = await served.predictXrays(images);
    predictions.forEach((prediction, index) => {
      const expected = golden[pictures[index]!]!.filter((_, output) => output !== 2);
      prediction.findings.forEach(({ probability, name }, finding) =>
        assert.ok(
          Math.abs(probability - expected[finding]!) < 1e-4,
          `${pictures[index]}, ${name}: ${probability}, expected ${expected[finding]}`,
        ),
      );
    });
    await served.release();
  } finally {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
