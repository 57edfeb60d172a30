import { availableParallelism } from 'node:os';
import { providers, type Provider } from './onnx/protocol.js';
import { listedProviders, probeProvider } from './onnx/providers.js';
import { probeBatch } from './onnx/probe-network.js';
import { onnxruntimeVersion } from './start-engine.js';

/** One line of `doctor` about engines. */
export interface EngineReport {
  readonly name: string;
  readonly present: boolean;
  /** What was found: the time of a test batch, or why it does not start. */
  readonly detail: string;
  /** What to do to have it; empty where it is present. */
  readonly howToAdd: string;
}

const mends: Readonly<Record<Provider, string>> = {
  cpu: 'npm ci (onnxruntime-node carries its CPU library for Linux, macOS and Windows)',
  cuda: 'on Linux x64 with an NVIDIA driver, CUDA 12 and cuDNN 9: ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node',
  webgpu: 'a GPU with a Vulkan driver that this process can open (in a container: pass the device through)',
};

/** Every engine that this version knows, tried for real. */
export async function describeEngines(threads: number = availableParallelism()): Promise<readonly EngineReport[]> {
  const listed = new Set(listedProviders());
  const reports: EngineReport[] = [];
  for (const provider of providers) {
    const name = `onnxruntime-node ${onnxruntimeVersion}, ${provider}`;
    const probe = listed.has(provider) ? await probeProvider(provider, threads) : { provider, error: 'not in this build of onnxruntime-node' };
    reports.push(
      'error' in probe
        ? { name, present: false, detail: probe.error, howToAdd: mends[provider] }
        : { name, present: true, detail: `${probe.milliseconds.toFixed(0)} ms for a test batch of ${probeBatch}`, howToAdd: '' },
    );
  }
  return [...reports, tensorflow];
}

const tensorflow: EngineReport = {
  name: 'TensorFlow.js',
  present: false,
  detail: 'not part of this version',
  howToAdd: 'nothing to add yet: this version computes with onnxruntime only',
};
