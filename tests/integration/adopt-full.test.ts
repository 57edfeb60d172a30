import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { adoptModel } from '../../src/adoption/adopt-model.js';
import { publishedClassifiers } from '../../src/adoption/published-classifiers.js';
import { projectRoot } from '../../src/config.js';
import { candidate as engineCandidate } from '../../src/engine/candidates.js';
import { ConfinedWeightsReader } from '../../src/engine/foreign/read-weights.js';
import { findingProbabilities } from '../../src/evaluation/probability.js';
import { loadFindings } from '../../src/findings-config.js';
import { architectureOf } from '../../src/network/architecture-spec.js';

/**
 * Whole networks as their publishers save them, adopted and computed: ADOPT_FILES names the folder that
 * `tests/oracles/adopt/pytorch_files.py full FOLDER` wrote (about 1 GB).
 */
const folder = process.env['ADOPT_FILES'];
const skip = folder && existsSync(folder) ? false : 'ADOPT_FILES names no folder; see tests/oracles/adopt/pytorch_files.py';

interface Golden {
  readonly file: string;
  readonly input: { readonly channels: number; readonly side: number; readonly seed: number };
  readonly scale?: number;
  readonly logits: readonly number[];
  readonly labels?: readonly string[];
  readonly op_threshs?: readonly (number | null)[];
  readonly probabilities?: readonly number[];
}

const published: Readonly<Record<string, string>> = {
  'xrv-densenet121-zip': 'torchxrayvision/densenet121-res224-all',
  'xrv-densenet121-legacy': 'torchxrayvision/densenet121-res224-all',
  'xrv-densenet121-nih': 'torchxrayvision/densenet121-res224-nih',
  'xrv-resnet50': 'torchxrayvision/resnet50-res512-all',
};

/** timm publishes networks of either padding under the same names. */
const stated: Readonly<Record<string, string>> = {
  'timm-efficientnet_b0': 'efficientnet-b0',
  'timm-tf_efficientnet_lite0': 'efficientnet-lite0-same',
};

/** ADOPT_ONLY=xrv: only the files whose name contains it. */
const only = process.env['ADOPT_ONLY'] ?? '';
const names = skip === false ? readdirSync(folder!).filter((name) => name.endsWith('.json') && name.includes(only)) : [];

test('whole networks of publishers give their own logits and probabilities', {
  skip: skip || (names.length === 0 && 'no file'),
}, async (context) => {
  const weights = new ConfinedWeightsReader({ timeoutMs: 120_000 });
  const engine = await engineCandidate('onnx-cpu').start(2, 'test');
  try {
    for (const name of names.map((one) => one.replace(/\.json$/, '')).sort())
      await context.test(name, async () => {
        const golden = JSON.parse(readFileSync(join(folder!, `${name}.json`), 'utf8')) as Golden;
        const file = join(folder!, golden.file);
        const known = published[name];
        const labels = golden.logits.map((_, index) => ['Effusion', 'Mass', 'Nodule', 'Edema', 'Hernia'][index] ?? `${index}`).join();
        const { network } = await adoptModel(
          known ?? file,
          { kind: 'xray', map: [], ...(known ? { file } : { preset: 'plain', labels, objective: 'several', architecture: stated[name] }) },
          {
            foreign: { isForeign: () => Promise.resolve(false), read: () => Promise.reject(new Error('not here')) },
            weights,
            findings: loadFindings(join(projectRoot, 'config/findings.json')),
            downloads: folder!,
            codeVersion: '0',
            now: new Date(),
          },
        );
        assert.ok('architecture' in network);
        const { channels, side, seed } = golden.input;
        const data = Float32Array.from(
          { length: channels * side * side },
          (_, index) => (((index * 7919 + seed) % 2048) / 1024 - 1) * (golden.scale ?? 1),
        );
        const predictor = await engine.load({ architecture: architectureOf(network.architecture), tensors: network.tensors });
        const { logits } = await predictor.predict({ data, batch: 1, channels, height: side, width: side });
        await predictor.release();
        const scale = Math.max(1, ...golden.logits.map(Math.abs));
        const worst = Math.max(...golden.logits.map((one, index) => Math.abs(one - logits[index]!) / scale));
        assert.ok(worst < 1e-4, `logits differ by ${worst}`);
        if (!known) return context.diagnostic(`${name}: logits within ${worst.toExponential(1)}`);
        const probabilities = findingProbabilities(logits, network);
        const trained = publishedClassifiers.find((one) => one.name === known)!.operatingPoints;
        const expected = golden.probabilities!.filter((_, index) => trained[index] !== null);
        const far = Math.max(...expected.map((one, index) => Math.abs(one - probabilities[index]!)));
        assert.ok(far < 1e-4, `probabilities differ by ${far}`);
        context.diagnostic(`${name}: logits within ${worst.toExponential(1)}, probabilities within ${far.toExponential(1)}`);
      });
  } finally {
    await Promise.all([engine.close(), weights.close()]);
  }
});
