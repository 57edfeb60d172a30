import { candidate, type EngineName } from './candidates.js';
import { probeInput, probeNetwork } from './probe-network.js';
import { briefly } from './probe-engine.js';

/**
 * Started as a process of its own by probe-engine.ts, because a GPU driver that fails may take its process with it: starts an
 * engine, loads the probe network, times it, and prints one line of JSON (see ProbeReport).
 */
const [name, threads, tiny] = process.argv.slice(2);
const repeats = tiny ? 1 : 5;
/** A slow engine is known to be slow after less. */
const longestMs = 500;

try {
  process.stdout.write(`${JSON.stringify(await time())}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ error: briefly(error instanceof Error ? error.message : String(error)) })}\n`);
}
// some drivers crash while they are taken down; what was to be said has been said
process.exit(0);

async function time(): Promise<{ milliseconds: number; logits: readonly number[]; place: string }> {
  const engine = await candidate(name as EngineName).start(Number(threads), '');
  const predictor = await engine.load(probeNetwork());
  const input = tiny ? probeInput(1, 32) : probeInput();
  let prediction = await predictor.predict(input);
  const times: number[] = [];
  const begin = performance.now();
  while (times.length < repeats && (times.length === 0 || performance.now() - begin < longestMs)) {
    const start = performance.now();
    prediction = await predictor.predict(input);
    times.push(performance.now() - start);
  }
  times.sort((one, other) => one - other);
  return { milliseconds: times[times.length >> 1]!, logits: [...prediction.logits], place: engine.description.name };
}
