import { candidate, engineNames, type EngineName, type StartedEngine } from '../../src/engine/candidates.js';
import { probeEngine } from '../../src/engine/probe-engine.js';

/** An engine that starts here, or why it does not: the reason with which its tests are skipped. */
export type EngineAtHand =
  | { readonly name: EngineName; readonly start: () => Promise<StartedEngine> }
  | { readonly name: EngineName; readonly absent: string };

const threads = 2;

/** Every engine of this version (or of those named), those installed tried with the probe network first. */
export async function enginesAtHand(names: readonly EngineName[] = engineNames): Promise<readonly EngineAtHand[]> {
  const engines: EngineAtHand[] = [];
  for (const name of names) {
    const { installed, title, start } = candidate(name);
    const probe = installed ? await probeEngine(name, threads) : { error: `absent: ${title} is not installed` };
    engines.push('error' in probe ? { name, absent: probe.error } : { name, start: () => start(threads, 'test') });
  }
  return engines;
}
