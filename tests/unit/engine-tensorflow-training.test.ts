import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { candidate, engineNames, type StartedEngine } from '../../src/engine/candidates.js';
import type { Trainer, TrainingEngine } from '../../src/engine/trainer.js';
import { enginesAtHand, type EngineAtHand } from './engines-at-hand.js';
import {
  distance,
  goldenNorm,
  goldenTraining,
  trainerOptions,
  trainingBatch,
  type GoldenCase,
  type GoldenTensor,
} from './network-train-examples.js';

/**
 * The golden training cases on every TensorFlow.js backend at hand: the gradients of the first step against autograd in
 * float64, the loss and the gradient's norm of every step, the weights and the batch norms' statistics at the end.
 *
 * The cases stay away from the kinks of ReLUs and maxima, where rounding decides whether a gradient passes (tests/oracles/network/kinks.py),
 * so that every engine is held to the same bounds.
 */
const bounds = { gradient: 1e-4, loss: 1e-3, tensor: 1e-3 };

const names = engineNames.filter((name) => name.startsWith('tensorflow-'));
const engines = await enginesAtHand(names);
const started = new Map<string, StartedEngine & TrainingEngine>();
after(() => Promise.all([...started.values()].map((engine) => engine.close())));

for (const engine of engines) {
  if ('absent' in engine) test(`${engine.name} trains as PyTorch trains`, { skip: `not run (${engine.absent})` }, () => undefined);
}

for (const [name, golden] of Object.entries(goldenTraining.cases)) {
  test(`${name} learns what it learns in PyTorch`, async (context) => {
    const those = engines.filter((engine) => !('absent' in engine) && stepsOn(engine, name, golden) > 0);
    if (those.length === 0) return context.skip('not run (WASM has another case of this network; no faster backend is at hand)');
    const options = trainerOptions(golden);
    for (const engine of those) {
      await context.test(`on ${engine.name}`, async (one) => {
        if (!started.has(engine.name))
          started.set(engine.name, (await candidate(engine.name).start(2, 'test')) as StartedEngine & TrainingEngine);
        const trainer = await started.get(engine.name)!.startTrainer(options);
        const errors = await errorsOf(trainer, golden, stepsOn(engine, name, golden));
        await trainer.release();
        one.diagnostic(
          Object.entries(errors)
            .map(([what, { error, where }]) => `${what} ${error.toExponential(1)} (${where})`)
            .join(', '),
        );
        for (const what of ['gradient', 'loss', 'tensor'] as const)
          assert.ok(errors[what].error <= bounds[what], `${what}: ${errors[what].error} at ${errors[what].where}`);
      });
    }
  });
}

/** WASM takes its time: of each network but the small ones one step of one case, which has every gradient in it. Software GPUs get one step in all. */
function stepsOn(engine: EngineAtHand, name: string, { network, losses }: GoldenCase): number {
  if ('software' in engine && engine.software) return name === 'starter' ? 1 : 0;
  const small = network.startsWith('starter') || network === 'convnext-small' || network === 'efficientnet-lite-small';
  if (engine.name !== 'tensorflow-wasm' || (small && (network.startsWith('starter') || name === network))) return losses.length;
  return name === network ? 1 : 0;
}

interface Worst {
  readonly error: number;
  readonly where: string;
}

async function errorsOf(
  trainer: Trainer,
  golden: GoldenCase,
  steps: number,
): Promise<{ readonly gradient: Worst; readonly loss: Worst; readonly tensor: Worst }> {
  const losses: Worst[] = [];
  let gradients: readonly Worst[] = [];
  for (let step = 0; step < steps; step++) {
    const rates = goldenTraining.rates[step]!;
    const { loss, gradientNorm, logits } = await trainer.step(trainingBatch(golden, step), rates);
    losses.push(
      { error: Math.abs(loss - golden.losses[step]!), where: `step ${step}` },
      { error: Math.abs(gradientNorm / golden.gradientNorms[step]! - 1) / 10, where: `norm of step ${step}` },
    );
    if (step > 0) continue;
    for (const [index, logit] of golden.logits.entries()) losses.push({ error: Math.abs(logits[index]! - logit), where: `logit ${index}` });
    // after one step the average of the gradient is 1 − momentum of the gradient as it was clipped
    const scale = 1 / (1 - rates.momentum) / Math.min(1, (golden.maxGradientNorm ?? Infinity) / (gradientNorm + 1e-6));
    const { optimizer } = await trainer.state();
    const found = new Map(
      [...optimizer]
        .filter(([name]) => name.endsWith('.expAvg'))
        .map(([name, { data }]) => [name.slice(0, -'.expAvg'.length), data.map((value) => value * scale)]),
    );
    assert.deepEqual([...found.keys()].sort(), Object.keys(golden.gradients).sort());
    // of a bias that the next batch norm takes away the gradient is zero in mathematics, and rounding is all there is
    gradients = compare(golden.gradients, found, 1e-2 * golden.gradientNorms[0]!);
  }
  const { tensors, step } = await trainer.state();
  assert.equal(step, steps);
  const atEnd =
    steps === golden.losses.length ? compare(golden.tensors, new Map([...tensors].map(([name, { data }]) => [name, data])), 0) : [];
  return { gradient: worst(gradients), loss: worst(losses), tensor: worst(atEnd) };
}

function compare(
  golden: Readonly<Record<string, GoldenTensor>>,
  found: ReadonlyMap<string, ArrayLike<number>>,
  floor: number,
): readonly Worst[] {
  return Object.entries(golden).map(([name, expected]) => ({
    error: distance(name, found.get(name)!, expected) / (goldenNorm(expected) + floor),
    where: name,
  }));
}

/** Not a number is the worst of all. */
function worst(errors: readonly Worst[]): Worst {
  return errors.reduce((one, other) => (other.error <= one.error ? one : other), { error: 0, where: 'nowhere' });
}
