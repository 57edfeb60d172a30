import * as tf from '@tensorflow/tfjs-core';
import type { BackendSettings } from './backend.js';
import { startThreadedWasm } from './wasm-threads.js';

/**
 * Makes a backend the one that this process computes on.
 *
 * @returns what it runs on, for people: `TensorFlow 2.15.1, GPU`, `2 threads`, the adapter's name
 * @throws Error with the reason if it does not start
 */
export async function startBackend({ backend, threads }: BackendSettings): Promise<string> {
  const place = await starters[backend](threads);
  await tf.ready();
  return place;
}

const starters: Readonly<Record<BackendSettings['backend'], (threads: number) => Promise<string>>> = {
  gpu: async () => {
    const place = await startNative('@tensorflow/tfjs-node-gpu');
    if (!place.gpu) throw new Error(`${place.library} finds no GPU that it can use (driver, CUDA or cuDNN missing or of another version)`);
    return `${place.library}, GPU`;
  },
  cpu: async () => `${(await startNative('@tensorflow/tfjs-node')).library}, processor`,
  webgpu: startWebgpu,
  wasm: async (threads) => {
    if (threads > 1) {
      await startThreadedWasm(threads);
      return `${threads} threads`;
    }
    await import('@tensorflow/tfjs-backend-wasm');
    await tf.setBackend('wasm');
    return '1 thread';
  },
};

/** The part of tfjs-node's backend that reports its devices; its types lack it. */
interface NativeBackend {
  readonly binding?: { readonly TF_Version?: string };
  readonly isUsingGpuDevice?: boolean;
}

async function startNative(name: string): Promise<{ readonly library: string; readonly gpu: boolean }> {
  await import(name);
  await tf.setBackend('tensorflow');
  const { binding, isUsingGpuDevice } = tf.backend() as unknown as NativeBackend;
  return { library: `TensorFlow ${binding?.TF_Version ?? 'of unknown version'}`, gpu: isUsingGpuDevice ?? false };
}

interface WebgpuPackage {
  create(options: readonly string[]): {
    requestAdapter(
      options?: object,
    ): Promise<{ readonly info?: { readonly vendor?: string; readonly device?: string; readonly description?: string } } | null>;
  };
  readonly globals: object;
}

/** Dawn as a library; the backend looks for it where a browser has it. */
async function startWebgpu(): Promise<string> {
  const name: string = 'webgpu';
  const { create, globals } = (await import(name)) as WebgpuPackage;
  Object.assign(globalThis, globals);
  const gpu = create([]);
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('no adapter: Dawn finds no GPU with a Vulkan, Metal or D3D12 driver');
  const backend: string = '@tensorflow/tfjs-backend-webgpu';
  await import(backend);
  if (!(await tf.setBackend('webgpu'))) throw new Error('the WebGPU backend does not start on the adapter');
  return adapter.info?.description || adapter.info?.device || adapter.info?.vendor || 'unknown adapter';
}
