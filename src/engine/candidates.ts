import { createRequire } from 'node:module';
import { Fault } from '../errors.js';
import type { AnswerLimits } from './answer-limits.js';
import type { Engine } from './engine.js';
import { OnnxEngine } from './onnx/onnx-engine.js';
import { providers, type Provider } from './onnx/protocol.js';
import { listedProviders } from './onnx/providers.js';
import { backendPackages, backends, installedBackend, type Backend } from './tensorflow/backend.js';
import { TensorflowEngine } from './tensorflow/tensorflow-engine.js';
import type { TrainingEngine } from './trainer.js';

export const engineNames = [
  'onnx-cpu',
  'onnx-cuda',
  'onnx-webgpu',
  'tensorflow-gpu',
  'tensorflow-cpu',
  'tensorflow-webgpu',
  'tensorflow-wasm',
] as const;

/** The name of an engine in the configuration. */
export type EngineName = (typeof engineNames)[number];

/** An engine that can be ended with the process's other parts; not every one can train. */
export interface StartedEngine extends Engine, Partial<TrainingEngine> {
  /** Whether the request being computed has taken more than half of the time it may take. */
  readonly stalled?: boolean;
  /** Of the process it computes in. */
  readonly pid?: number | undefined;
  close(): Promise<void>;
}

export interface StartOptions {
  readonly limits?: AnswerLimits | undefined;
  /** For a backend that is started before its first request. */
  readonly startTimeoutMs?: number | undefined;
}

/** An engine that this version knows, whether or not it is there. */
export interface EngineCandidate {
  readonly name: EngineName;
  /** For messages, with the version if it is installed. */
  readonly title: string;
  /** Whether its packages are installed; a probe finds out whether it starts. */
  readonly installed: boolean;
  readonly howToAdd: string;
  /**
   * @param why goes into its description
   * @throws Fault 'engine-unavailable' with the reason; onnxruntime's providers fail only when a network is loaded
   */
  start(threads: number, why: string, options?: StartOptions): Promise<StartedEngine>;
}

export function candidates(): readonly EngineCandidate[] {
  return [...providers.map(onnxCandidate), ...backends.map(tensorflowCandidate)];
}

export function candidate(name: EngineName): EngineCandidate {
  return candidates().find((one) => one.name === name)!;
}

const onnxruntimeVersion = (createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }).version;

const providerFixes: Readonly<Record<Provider, string>> = {
  cpu: 'npm ci (onnxruntime-node carries its CPU library for Linux, macOS and Windows)',
  cuda: 'on Linux x64 with an NVIDIA driver, CUDA 12 and cuDNN 9: ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node',
  webgpu: 'a GPU with a Vulkan driver that this process can open (in a container: pass the device through)',
};

function onnxCandidate(provider: Provider): EngineCandidate {
  const name = `onnx-${provider}` as const;
  const installed = listedProviders().includes(provider);
  return {
    name,
    title: `onnxruntime-node ${onnxruntimeVersion}, ${provider}`,
    installed,
    howToAdd: providerFixes[provider],
    start: async (threads, why, { limits } = {}) => {
      if (!installed)
        throw new Fault('engine-unavailable', `${name}: not in this build of onnxruntime-node; to add it: ${providerFixes[provider]}`);
      const place = { cpu: `CPU (${threads} ${threads === 1 ? 'thread' : 'threads'})`, cuda: 'CUDA', webgpu: 'WebGPU' }[provider];
      return new OnnxEngine({
        settings: { provider, threads },
        description: { name: `onnxruntime-node ${onnxruntimeVersion}, ${place}`, why },
        limits,
      });
    },
  };
}

function tensorflowCandidate(backend: Backend): EngineCandidate {
  const version = installedBackend(backend);
  const { packages, howToAdd } = backendPackages[backend];
  return {
    name: `tensorflow-${backend}`,
    title: `TensorFlow.js ${version ?? packages.at(-1)!.replace('@tensorflow/', '')}`,
    installed: version !== undefined,
    howToAdd,
    start: (threads, why, options) => TensorflowEngine.start({ backend, threads }, why, options),
  };
}
