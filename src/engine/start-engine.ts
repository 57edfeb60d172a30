import { availableParallelism } from 'node:os';
import { Fault } from '../errors.js';
import { silentLog, type Log } from '../log.js';
import { candidate, candidates, engineNames, type EngineName, type StartedEngine } from './candidates.js';
import { chooseEngine, type EngineChoice } from './choose-engine.js';
import { FallbackEngine } from './fallback-engine.js';
import { probeEngine, type ProbeReport } from './probe-engine.js';

export type { StartedEngine };

export const enginePreferences = ['auto', ...engineNames] as const;

export type EnginePreference = (typeof enginePreferences)[number];

export interface StartEngineOptions {
  readonly prefer?: EnginePreference;
  /** Threads of the CPU engine; the cores this process may use if not given. */
  readonly threads?: number;
  readonly log?: Log;
}

/** What is left when the engine asked for is lost. */
const lastResort: readonly EngineName[] = ['onnx-cpu', 'tensorflow-wasm'];

/**
 * Starts the preferred engine; `auto` tries every one there is with a small network and takes the fastest. An engine that is
 * lost later is replaced by the next.
 *
 * @throws Fault 'engine-unavailable' with the reason, if the one asked for (or, for `auto`, any) does not start
 */
export async function startEngine({ prefer = 'auto', threads = availableParallelism(), log = silentLog }: StartEngineOptions = {}): Promise<FallbackEngine> {
  const { name, why, inOrder } = prefer === 'auto' ? chooseEngine(await probeInstalled(threads)) : await demand(prefer, threads);
  const engine = await candidate(name).start(threads, why);
  log.info('engine started', { engine: engine.description.name, why });
  const others = inOrder.slice(1).map((next) => ({ name: next, start: (reason: string) => candidate(next).start(threads, reason) }));
  return new FallbackEngine({ engine, others, log });
}

async function probeInstalled(threads: number): Promise<readonly ProbeReport[]> {
  const reports: ProbeReport[] = [];
  // one after the other: side by side they would time each other
  for (const { name, installed } of candidates()) {
    // measured five times slower than onnxruntime on the same cores: where that runs, its seconds at every start buy nothing
    const needless = name === 'tensorflow-wasm' && reports.some((report) => !('error' in report));
    if (installed && !needless) reports.push(await probeEngine(name, threads));
  }
  return reports;
}

async function demand(prefer: EngineName, threads: number): Promise<EngineChoice> {
  const { installed, howToAdd } = candidate(prefer);
  if (!installed) throw new Fault('engine-unavailable', `${prefer}: not installed; to add it: ${howToAdd}`);
  const report = await probeEngine(prefer, threads);
  if ('error' in report) throw new Fault('engine-unavailable', `${prefer}: ${report.error}`);
  const others = lastResort.filter((name) => name !== prefer && candidate(name).installed);
  return { name: prefer, why: `Asked for by configuration (${prefer}).`, inOrder: [prefer, ...others] };
}
