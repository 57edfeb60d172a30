import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { OnnxEngine } from '../../src/engine/onnx/onnx-engine.js';
import { assessImage } from '../../src/evaluation/decide-findings.js';
import { resizeBilinear, standardise } from '../../src/pixels/resize.js';
import { loadModelVersion } from '../../src/registry/model-version.js';
import { relativeError } from './network-examples.js';

/** What PIL and PyTorch (float64) make of pictures given by a formula: tests/oracles/starter/golden.py. */
interface Golden {
  readonly sha256: Readonly<Record<'xray' | 'ct', string>>;
  readonly cases: readonly {
    readonly input: { readonly width: number; readonly height: number; readonly k: number; readonly constant?: number };
    readonly networks: Readonly<
      Record<
        'xray' | 'ct',
        {
          readonly logits: readonly number[];
          readonly probabilities: readonly number[];
          readonly embedding: readonly number[];
          readonly distance: number;
        }
      >
    >;
  }[];
}

const root = new URL('../../../', import.meta.url);
const models = [
  { name: 'the starter', folder: 'models/starter', fixture: 'golden' },
  { name: 'the model of the tests', folder: 'tests/fixtures/models/two-findings', fixture: 'golden-two-findings' },
];
const engine = new OnnxEngine({ settings: { provider: 'cpu', threads: 1 }, description: { name: 'test', why: 'test' } });
after(() => engine.close());

function picture({ width, height, k, constant }: Golden['cases'][number]['input']) {
  const value = (x: number, y: number): number => constant ?? 0.5 + 0.5 * Math.sin(0.13 * x + 0.07 * y * k);
  return {
    width,
    height,
    pixelAspect: 1,
    values: Float32Array.from({ length: width * height }, (_, index) => value(index % width, Math.floor(index / width))),
  };
}

for (const { name, folder, fixture } of models) {
  const golden = JSON.parse(readFileSync(new URL(`tests/fixtures/starter/${fixture}.json`, root), 'utf8')) as Golden;
  const model = await loadModelVersion(fileURLToPath(new URL(folder, root)));
  for (const kind of ['xray', 'ct'] as const) {
    test(`${name}: the ${kind} network answers as in PyTorch, from picture to distance`, async () => {
      const served = model.networks[kind]!;
      const { width, height } = served.input;
      const predictor = await engine.load(served.network);
      for (const { input, networks } of golden.cases) {
        const expected = networks[kind];
        const data = standardise(resizeBilinear(picture(input), width, height).values);
        const prediction = await predictor.predict({ data, batch: 1, channels: 1, height, width });
        const label = JSON.stringify(input);
        assert.ok(relativeError(prediction.logits, expected.logits) < 1e-4, `logits of ${label}`);
        assert.ok(
          relativeError(prediction.embedding.subarray(0, expected.embedding.length), expected.embedding) < 1e-4,
          `embedding of ${label}`,
        );
        const { gate, findings } = assessImage(prediction, 0, served);
        assert.ok(
          Math.abs(gate.distance! / expected.distance - 1) < 1e-3,
          `distance of ${label}: ${gate.distance}, expected ${expected.distance}`,
        );
        for (const { output, probability } of findings)
          assert.ok(Math.abs(probability - expected.probabilities[output]!) < 1e-4, `probability of ${label}`);
        // waves are no chests
        assert.equal(gate.accepted, false, label);
      }
      await predictor.release();
    });
  }
}
