import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { temporaryDirectory } from '../support/orthanc.js';
import { poison, startPhantomRetrainings, type PhantomRetrainings } from '../support/phantom-retraining.js';

/** Whole retraining runs; `npm run bench -- poisoned-labels` runs 20 of them. */
const seeds = [0, 1, 2];
const gateSeeds = 20;

describe('retraining from a plan', () => {
  let retrainings: PhantomRetrainings;
  before(async () => {
    retrainings = await startPhantomRetrainings(temporaryDirectory('retrain'));
  });
  after(() => retrainings.close());

  test('honest labels pass the gate; stopped on the way and gone on with, the same weights come of it', async () => {
    const whole = await retrainings.honest('whole');
    assert.ok(whole.finished);
    assert.equal(whole.evaluation.decision.decision, 'promoted', whole.evaluation.decision.why);
    assert.ok((whole.evaluation.challenger.auroc['pneumonia']?.value ?? 0) > 0.85);

    const stop = new AbortController();
    let steps = 0;
    const interrupted = await retrainings.honest('interrupted', stop.signal, () => void (++steps === 30 && stop.abort()));
    assert.equal(interrupted.finished, false);
    const resumed = await retrainings.honest('interrupted');
    assert.ok(resumed.finished);
    assert.equal(resumed.challenger, whole.challenger, 'the same version, so the same weights to the byte');

    await retrainings.registry.promote(
      whole.challenger,
      { by: 'test', why: whole.evaluation.decision.why, at: new Date() },
      whole.evaluation.decision.champion!,
    );
  });

  test(`poisoned labels, ${gateSeeds} seeds on the champion's features: the gate refuses each time, and promotes none but honest ones`, async () => {
    const { champion } = (await retrainings.registry.aliases())!;
    const gate = await retrainings.gate(champion);
    const refused = Array.from({ length: gateSeeds }, (_, seed) => gate.decide(poison(seed))).filter(
      ({ decision, criteria }) => decision === 'refused' && criteria.some(({ counts, passed }) => counts && !passed),
    );
    assert.equal(refused.length, gateSeeds);
    // The same head with honest labels is not refused for its AUROC: what refuses the others is the poison.
    const honest = gate.decide(({ diseased }) => diseased);
    assert.ok(
      honest.criteria.every(({ name, passed }) => name !== 'auroc-not-worse' || passed),
      honest.why,
    );
    assert.equal((await retrainings.registry.aliases())!.champion, champion);
  });

  for (const seed of seeds) {
    test(`poisoned labels, seed ${seed}: the gate refuses and nothing changes`, async () => {
      const before = await retrainings.registry.aliases();
      const { evaluation } = await retrainings.poisoned(seed);
      assert.equal(evaluation.decision.decision, 'refused');
      assert.ok(evaluation.decision.criteria.some(({ counts, passed }) => counts && !passed));
      assert.deepEqual(await retrainings.registry.aliases(), before);
    });
  }
});
