import { availableParallelism } from 'node:os';
import { Fault } from '../errors.js';
import { silentLog, type Log } from '../log.js';
import type { AnswerLimits } from './answer-limits.js';
import { candidate, candidates, engineNames, type EngineName, type StartedEngine } from './candidates.js';
import { chooseEngine, type EngineChoice } from './choose-engine.js';
import { FallbackEngine } from './fallback-engine.js';
import { mayHaveGpu } from './gpu-devices.js';
import { startAndProbe, type ProbeReport } from './probe-engine.js';

export type { StartedEngine };

export const enginePreferences = ['auto', ...engineNames] as const;

export type EnginePreference = (typeof enginePreferences)[number];

export interface StartEngineOptions {
  readonly prefer?: EnginePreference;
  /** Threads of the CPU engine; the cores this process may use if not given. */
  readonly threads?: number;
  readonly limits?: AnswerLimits | undefined;
  readonly log?: Log;
}

/** What they compute on is a graphics processor: without one they need not be tried. */
const needsGpu: readonly EngineName[] = ['onnx-cuda', 'onnx-webgpu', 'tensorflow-gpu', 'tensorflow-webgpu'];

/** What remains when the chosen engine is lost. */
const lastResort: readonly EngineName[] = ['onnx-cpu', 'tensorflow-wasm'];

/**
 * Starts the preferred engine; `auto` tries every one there is with a small network and takes the fastest. An engine that is
 * lost later is replaced by the next, the last one by itself afresh.
 *
 * @throws Fault 'engine-unavailable' with the reason, if the configured one (or, for `auto`, every one) does not start
 */
export async function startEngine({
  prefer = 'auto',
  threads = availableParallelism(),
  limits,
  log = silentLog,
}: StartEngineOptions = {}): Promise<FallbackEngine> {
  const successor = (name: EngineName) => ({ name, start: (why: string) => candidate(name).start(threads, why, { limits }) });
  const { name, why, inOrder, engine } = prefer === 'auto' ? await fastest(threads, limits) : await demand(prefer, threads, limits);
  log.info('engine started', { engine: engine.description.name, why });
  return new FallbackEngine({ engine: withReason(engine, why), others: inOrder.slice(1).map(successor), again: successor(name), log });
}

interface Chosen extends EngineChoice {
  readonly engine: StartedEngine;
}

async function fastest(threads: number, limits: AnswerLimits | undefined): Promise<Chosen> {
  const reports: ProbeReport[] = [];
  const started = new Map<EngineName, StartedEngine>();
  try {
    const known = candidates().filter(({ installed }) => installed);
    const possible = known.filter(({ name }) => !needsGpu.includes(name) || mayHaveGpu());
    const once = possible.filter(({ name }) => name !== 'tensorflow-wasm').length === 1;
    // one after the other: side by side they would time each other
    for (const candidate of known) {
      const { name, start } = candidate;
      if (!possible.includes(candidate)) {
        reports.push({ name, error: 'this machine shows no GPU' });
        continue;
      }
      // measured five times slower than onnxruntime on the same cores: where that runs, its seconds at every start buy nothing
      const needless = name === 'tensorflow-wasm' && started.size > 0;
      if (needless) continue;
      const { report, engine } = await startAndProbe(name, (options) => start(threads, '', { limits, ...options }), { once });
      reports.push(report);
      if (engine) started.set(name, engine);
    }
    const choice = chooseEngine(reports);
    const engine = started.get(choice.name)!;
    started.delete(choice.name);
    return { ...choice, engine };
  } finally {
    for (const engine of started.values()) void engine.close();
  }
}

async function demand(prefer: EngineName, threads: number, limits: AnswerLimits | undefined): Promise<Chosen> {
  const { installed, howToAdd, start } = candidate(prefer);
  if (!installed) throw new Fault('engine-unavailable', `${prefer}: not installed; to add it: ${howToAdd}`);
  const { report, engine } = await startAndProbe(prefer, (options) => start(threads, '', { limits, ...options }));
  if (!engine) throw new Fault('engine-unavailable', `${prefer}: ${'error' in report ? report.error : 'does not compute'}`);
  const others = lastResort.filter((name) => name !== prefer && candidate(name).installed);
  return { name: prefer, why: `Set by configuration (${prefer}).`, inOrder: [prefer, ...others], engine };
}

/** An engine that was started before it was known why it would be chosen. */
function withReason(engine: StartedEngine, why: string): StartedEngine {
  const { startTrainer } = engine;
  return {
    description: { ...engine.description, why },
    get stalled() {
      return engine.stalled ?? false;
    },
    pid: engine.pid,
    load: (network) => engine.load(network),
    ...(startTrainer ? { startTrainer: (options) => startTrainer.call(engine, options) } : {}),
    close: () => engine.close(),
  };
}
