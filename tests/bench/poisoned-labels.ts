import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPhantomRetrainings } from '../support/phantom-retraining.js';

const seeds = 20;

/** Retraining runs on poisoned labels: how often the gate refuses. Phantoms and a small network; the test has two of these seeds. */
export async function bench(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'chest-ai-poison-'));
  const retrainings = await startPhantomRetrainings(directory);
  try {
    const honest = await retrainings.honest('honest');
    if (!honest.finished) throw new Error('nobody stopped it');
    console.log(`honest labels: ${honest.evaluation.decision.decision}. ${honest.evaluation.decision.why}`);
    await retrainings.registry.promote(honest.challenger, { by: 'bench', why: honest.evaluation.decision.why, at: new Date() });
    let refused = 0;
    let seconds = 0;
    for (let seed = 0; seed < seeds; seed++) {
      const began = performance.now();
      const { decision } = (await retrainings.poisoned(seed)).evaluation;
      seconds += (performance.now() - began) / 1000;
      if (decision.decision === 'refused') refused++;
      console.log(`seed ${seed} (${seed % 2 === 0 ? 'turned round' : 'by lot'}): ${decision.decision}. ${decision.why}`);
    }
    const { champion } = (await retrainings.registry.aliases())!;
    console.log(
      `\n${refused} of ${seeds} refused; the champion is ${champion === honest.challenger ? 'unchanged' : 'ANOTHER'}; ${(seconds / seeds).toFixed(1)} s a run`,
    );
  } finally {
    await retrainings.close();
    rmSync(directory, { recursive: true, force: true });
  }
}
