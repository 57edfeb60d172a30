import { inferenceModel } from './inference-model.js';
import { openSession } from './inference-session.js';
import { probeInput, probeNetwork } from './probe-network.js';
import type { SessionSettings } from './protocol.js';
import { briefly } from './providers.js';

/**
 * Started as a process of its own by providers.ts, because a GPU driver that fails may take its process
 * with it: loads the probe network, times it, and prints one line of JSON (see ProbeReport).
 */
const settings = JSON.parse(process.argv[2]!) as SessionSettings;
const repeats = 5;

try {
  process.stdout.write(`${JSON.stringify(await time())}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ error: briefly(error instanceof Error ? error.message : String(error)) })}\n`);
}
// some drivers crash while they are taken down; what was to be said has been said
process.exit(0);

async function time(): Promise<{ milliseconds: number; logits: readonly number[] }> {
  const session = await openSession(inferenceModel(probeNetwork()), settings);
  const input = probeInput();
  let prediction = await session.predict(input);
  const times: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    const start = performance.now();
    prediction = await session.predict(input);
    times.push(performance.now() - start);
  }
  times.sort((one, other) => one - other);
  return { milliseconds: times[repeats >> 1]!, logits: [...prediction.logits] };
}
