import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** What TensorFlow.js can compute on here, in the order in which they are usually fastest. */
export const backends = ['gpu', 'cpu', 'webgpu', 'wasm'] as const;

export type Backend = (typeof backends)[number];

export interface BackendSettings {
  readonly backend: Backend;
  /** Of the processor; a GPU takes no notice. */
  readonly threads: number;
}

interface BackendPackages {
  /** Loaded in this order; the last one brings the kernels and gives the engine its name. */
  readonly packages: readonly string[];
  readonly howToAdd: string;
}

const version = '4.22.0';

/**
 * The packages are optional peer dependencies: a machine that computes with onnxruntime has no use for them, and the
 * native ones fetch several hundred megabytes when they are installed. (`--save-prod` beside `--no-save`, because npm takes no
 * notice of an optional peer dependency that is asked for with `--no-save` alone.)
 */
export const backendPackages: Readonly<Record<Backend, BackendPackages>> = {
  gpu: {
    packages: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-node-gpu'],
    howToAdd: `on Linux x64 with an NVIDIA driver: npm install --no-save --save-prod @tensorflow/tfjs-node-gpu@${version} (CUDA 11.2 and cuDNN 8.1), or scripts/build-tfjs-node.sh gpu (CUDA 12.2)`,
  },
  cpu: {
    packages: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-node'],
    howToAdd: `npm install --no-save --save-prod @tensorflow/tfjs-node@${version}, or scripts/build-tfjs-node.sh`,
  },
  webgpu: {
    packages: ['@tensorflow/tfjs-core', 'webgpu', '@tensorflow/tfjs-backend-webgpu'],
    howToAdd: `with a GPU that has a Vulkan, Metal or D3D12 driver: npm install --no-save --save-prod webgpu@0.6.2 @tensorflow/tfjs-core@${version} @tensorflow/tfjs-backend-webgpu@${version}`,
  },
  wasm: {
    packages: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm'],
    howToAdd: `npm install --no-save --save-prod @tensorflow/tfjs-core@${version} @tensorflow/tfjs-backend-wasm@${version}`,
  },
};

const require = createRequire(import.meta.url);

/** `tfjs-node-gpu 4.22.0`, or undefined where a package that the backend needs is not installed. */
export function installedBackend(backend: Backend): string | undefined {
  try {
    const versions = backendPackages[backend].packages.map((name) => (require(`${name}/package.json`) as { version: string }).version);
    return `${backendPackages[backend].packages.at(-1)!.replace('@tensorflow/', '')} ${versions.at(-1)}`;
  } catch {
    return undefined;
  }
}

/**
 * Where a native package keeps the libraries it came with. CUDA's are looked up by their names alone, so this folder has to be
 * in the process's LD_LIBRARY_PATH; undefined for the backends that need none.
 */
export function libraryFolder(backend: Backend): string | undefined {
  if (backend !== 'gpu' || !installedBackend(backend)) return undefined;
  return join(dirname(require.resolve(`${backendPackages[backend].packages.at(-1)!}/package.json`)), 'deps/lib');
}
