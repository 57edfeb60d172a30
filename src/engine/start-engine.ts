import { availableParallelism } from 'node:os';
import { createRequire } from 'node:module';
import { Fault } from '../errors.js';
import { silentLog, type Log } from '../log.js';
import type { Engine } from './engine.js';
import { chooseProvider, type ProviderChoice } from './onnx/choose-provider.js';
import { OnnxEngine } from './onnx/onnx-engine.js';
import type { Provider } from './onnx/protocol.js';
import { listedProviders, probeProvider } from './onnx/providers.js';

export const enginePreferences = ['auto', 'onnx-cpu', 'onnx-cuda', 'onnx-webgpu'] as const;

export type EnginePreference = (typeof enginePreferences)[number];

export interface StartEngineOptions {
  readonly prefer?: EnginePreference;
  /** Threads of the CPU engine; the cores this process may use if not given. */
  readonly threads?: number;
  readonly log?: Log;
}

/** An engine that can be ended with the process's other parts. */
export interface StartedEngine extends Engine {
  close(): Promise<void>;
}

/**
 * Starts the preferred engine; `auto` tries every provider there is with a small network and takes the fastest.
 *
 * @throws Fault 'engine-unavailable' with the reason, if the one asked for (or, for `auto`, any) does not start
 */
export async function startEngine({ prefer = 'auto', threads = availableParallelism(), log = silentLog }: StartEngineOptions = {}): Promise<StartedEngine> {
  const { provider, why } = prefer === 'auto' ? await chooseByProbe(threads) : await demand(prefer, threads);
  const name = engineName(provider, threads);
  log.info('engine started', { engine: name, why });
  return new OnnxEngine({ settings: { provider, threads }, description: { name, why } });
}

async function chooseByProbe(threads: number): Promise<ProviderChoice> {
  const reports = [];
  // one after the other: side by side they would time each other
  for (const provider of listedProviders()) reports.push(await probeProvider(provider, threads));
  return chooseProvider(reports);
}

async function demand(prefer: Exclude<EnginePreference, 'auto'>, threads: number): Promise<ProviderChoice> {
  const provider = prefer.slice('onnx-'.length) as Provider;
  const report = await probeProvider(provider, threads);
  if ('error' in report) throw new Fault('engine-unavailable', `${prefer}: ${report.error}`);
  return { provider, why: `Asked for by configuration (${prefer}).` };
}

export const onnxruntimeVersion = (createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }).version;

function engineName(provider: Provider, threads: number): string {
  const place = { cpu: `CPU (${threads} ${threads === 1 ? 'thread' : 'threads'})`, cuda: 'CUDA', webgpu: 'WebGPU' }[provider];
  return `onnxruntime-node ${onnxruntimeVersion}, ${place}`;
}
