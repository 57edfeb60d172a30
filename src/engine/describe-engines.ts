import { availableParallelism } from 'node:os';
import { candidates, type EngineName } from './candidates.js';
import { probeEngine } from './probe-engine.js';
import { probeBatch } from './probe-network.js';

/** One line of `doctor` about engines. */
export interface EngineReport {
  readonly name: EngineName;
  readonly present: boolean;
  /** What was found: versions, the time of a test batch, or why it does not start. */
  readonly detail: string;
  /** What to do to have it; empty where it is present. */
  readonly howToAdd: string;
}

/** Every engine that this version knows, those that are installed tried for real. */
export async function describeEngines(threads: number = availableParallelism()): Promise<readonly EngineReport[]> {
  const reports: EngineReport[] = [];
  for (const { name, title, installed, howToAdd } of candidates()) {
    const probe = installed ? await probeEngine(name, threads) : { error: 'not installed' };
    reports.push(
      'error' in probe
        ? { name, present: false, detail: `${title}: ${probe.error}`, howToAdd }
        : {
            name,
            present: true,
            detail: `${probe.place}: ${probe.milliseconds.toFixed(0)} ms for a test batch of ${probeBatch}`,
            howToAdd: '',
          },
    );
  }
  return reports;
}
