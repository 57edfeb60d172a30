import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPhantomRetrainings } from '../support/phantom-retraining.js';

const seeds = 20;

/** Nights on poisoned labels: how often the gate refuses. Phantoms and a small network; the test has two of these seeds. */
export async function bench(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'chest-ai-poison-'));
  const nights = await startPhantomRetrainings(directory);
  try {
    const honest = await nights.honest('honest');
    if (!honest.finished) throw new Error('nobody stopped it');
    console.log(`honest labels: ${honest.evaluation.decision.decision}. ${honest.evaluation.decision.why}`);
    await nights.registry.promote(honest.challenger, { by: 'bench', why: honest.evaluation.decision.why, at: new Date() });
    let refused = 0;
    let seconds = 0;
    for (let seed = 0; seed < seeds; seed++) {
      const began = performance.now();
      const { decision } = (await nights.poisoned(seed)).evaluation;
      seconds += (performance.now() - began) / 1000;
      if (decision.decision === 'refused') refused++;
      console.log(`seed ${seed} (${seed % 2 === 0 ? 'turned round' : 'by lot'}): ${decision.decision}. ${decision.why}`);
    }
    const { champion } = (await nights.registry.aliases())!;
    console.log(
      `\n${refused} of ${seeds} refused; the champion is ${champion === honest.challenger ? 'unchanged' : 'ANOTHER'}; ${(seconds / seeds).toFixed(1)} s a night`,
    );
  } finally {
    await nights.close();
    rmSync(directory, { recursive: true, force: true });
  }
}
