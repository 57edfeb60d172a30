import { createRequire } from 'node:module';
import { childEnvironment } from '../../lib/child-environment.js';
import { Fault } from '../../errors.js';
import type { ForeignFormat, ForeignGraph } from '../../network/foreign-graph.js';
import type { AnswerLimits, Work } from '../answer-limits.js';
import { ComputeProcess } from '../compute-process.js';
import type { Confinement } from '../confinement.js';
import type { InputBatch, Prediction } from '../engine.js';
import type { OnnxSessionSettings } from '../onnx/protocol.js';
import { backendPackages, installedBackend, type BackendSettings } from '../tensorflow/backend.js';
import { startEngineProcess } from '../tensorflow/engine-process.js';
import type { ForeignDraft, ForeignOptions } from './foreign-options.js';

/** What a graph of others is computed on. */
export type ForeignRuntime =
  | { readonly kind: 'onnx'; readonly settings: OnnxSessionSettings }
  | { readonly kind: 'tensorflow'; readonly settings: BackendSettings };

/** What the process of a runtime is asked for graphs of others; the requests of both runtimes have these forms. */
export interface ForeignRequests {
  load(graph: ForeignGraph): Promise<void>;
  predict(input: InputBatch, work?: Work): Promise<Prediction>;
  describe(main: string, files: ReadonlyMap<string, Uint8Array>, options: ForeignOptions): Promise<ForeignDraft>;
  companions(model: Uint8Array): Promise<readonly string[]>;
  readonly pid: number | undefined;
  /** Whether its process has ended. */
  readonly ended: boolean;
  stop(): Promise<void>;
}

const layersPackages: Readonly<Record<Exclude<ForeignFormat, 'onnx'>, string>> = {
  'tfjs-layers': '@tensorflow/tfjs-layers',
  'tfjs-graph': '@tensorflow/tfjs-converter',
};
const tensorflowVersion = '4.22.0';
const require = createRequire(import.meta.url);

/**
 * The runtime for a format: onnxruntime on its provider in use, or TensorFlow.js on the best of its backends that are installed.
 *
 * @throws Fault 'engine-unavailable' naming the package that is missing
 */
export function runtimeFor(
  format: ForeignFormat,
  inUse: RuntimesInUse,
  { packageVersion = versionOf }: { readonly packageVersion?: (name: string) => string | undefined } = {},
): ForeignRuntime {
  if (format === 'onnx') return { kind: 'onnx', settings: inUse.onnx ?? { provider: 'cpu', threads: inUse.threads } };
  const backend = inUse.tensorflow?.backend ?? (['cpu', 'wasm'] as const).find((one) => installedBackend(one) !== undefined);
  const needed = [layersPackages[format], ...(backend === undefined ? backendPackages.wasm.packages : [])];
  const missing = needed.filter((name) => packageVersion(name) === undefined);
  if (backend === undefined || missing.length > 0)
    throw new Fault(
      'engine-unavailable',
      `a TensorFlow.js model needs ${missing.join(' and ')}, not installed; to add: npm install --no-save --save-prod ${missing.map((name) => `${name}@${tensorflowVersion}`).join(' ')}`,
    );
  return { kind: 'tensorflow', settings: { backend, threads: inUse.tensorflow?.threads ?? inUse.threads } };
}

/** Settings of the engine that is asked for a graph. */
export interface RuntimesInUse {
  readonly threads: number;
  readonly onnx?: OnnxSessionSettings;
  readonly tensorflow?: BackendSettings;
}

export interface RuntimeOptions {
  readonly limits: AnswerLimits;
  readonly confinement?: Confinement | undefined;
  readonly startTimeoutMs?: number | undefined;
}

/** The one graph of a process is always of this number. */
const session = 0;

/**
 * A process of its own for one graph of others: what it does to its process happens to no other network.
 *
 * @throws Fault 'engine-unavailable' if TensorFlow.js does not start
 */
export async function startRuntime(
  runtime: ForeignRuntime,
  options: RuntimeOptions,
): Promise<ForeignRequests & { readonly place: string }> {
  return runtime.kind === 'onnx' ? startOnnx(runtime.settings, options) : startTensorflow(runtime.settings, options);
}

function startOnnx(settings: OnnxSessionSettings, { limits, confinement }: RuntimeOptions): ForeignRequests & { readonly place: string } {
  const child = new ComputeProcess({
    program: new URL('../onnx/process.js', import.meta.url),
    arguments: [],
    environment: confinement?.readable ? {} : childEnvironment(),
    limits,
    confinement,
  });
  return {
    place: `onnxruntime, ${settings.provider}`,
    load: async (network) => void (await child.request({ kind: 'load', session, network, settings }, 'loading a network')),
    predict: async (input, work) => (await child.request({ kind: 'predict', session, input }, 'a prediction', work)) as Prediction,
    describe: async (main, files, given) =>
      (await child.request({ kind: 'describe', main, files, options: given }, 'reading a model')) as ForeignDraft,
    companions: async (model) => (await child.request({ kind: 'companions', model }, 'reading a model')) as readonly string[],
    pid: child.pid,
    get ended() {
      return child.ended;
    },
    stop: () => child.stop(),
  };
}

async function startTensorflow(settings: BackendSettings, options: RuntimeOptions): Promise<ForeignRequests & { readonly place: string }> {
  const child = await startEngineProcess(settings, options);
  return {
    place: `TensorFlow.js ${installedBackend(settings.backend) ?? ''} (${child.place})`,
    load: (network) => child.request({ kind: 'load', session, network }, 'loading a network'),
    predict: (input, work) => child.request({ kind: 'predict', session, input }, 'a prediction', work),
    describe: (main, files, given) => child.request({ kind: 'describe', main, files, options: given }, 'reading a model'),
    companions: (model) => child.request({ kind: 'companions', model }, 'reading a model'),
    pid: child.pid,
    get ended() {
      return child.ended;
    },
    stop: () => child.stop(),
  };
}

function versionOf(name: string): string | undefined {
  try {
    return (require(`${name}/package.json`) as { version: string }).version;
  } catch {
    return undefined;
  }
}
