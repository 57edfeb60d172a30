import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Starts TensorFlow.js' WASM backend with several threads, which it does by itself in browsers only
 * (https://github.com/tensorflow/tfjs/issues/3830): it hands its threads their code as blobs with object URLs, which Node's
 * threads cannot load. While it starts, blobs are files instead. Works for 4.22; the caller falls back to one thread.
 */
export async function startThreadedWasm(threads: number): Promise<void> {
  const wasm = await import('@tensorflow/tfjs-backend-wasm');
  const folder = join(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'wasm-out');
  const temporary = mkdtempSync(join(os.tmpdir(), 'chest-ai-wasm-'));

  const main = join(temporary, 'main.cjs');
  const factory = readFileSync(join(folder, 'tfjs-backend-wasm-threaded-simd.js'), 'utf8').replace(
    /if\s*\(typeof exports\s*===\s*"object"[\s\S]*$/,
    '',
  );
  writeFileSync(main, `${factory}\n;globalThis.WasmBackendModuleThreadedSimd = WasmBackendModuleThreadedSimd;\n`);
  let serial = 0;
  const asFile = (parts: readonly string[]): { readonly file: string } => {
    const text = parts.join('');
    if (text.startsWith('var WasmBackendModuleThreadedSimd')) return { file: main };
    const file = join(temporary, `thread${serial++}.cjs`);
    writeFileSync(file, `URL.createObjectURL = (blob) => blob.file; URL.revokeObjectURL = () => {};${text}`);
    return { file };
  };

  const [realBlob, realCreate, realCpus] = [globalThis.Blob, URL.createObjectURL, os.cpus];
  // Not an arrow: it is called with `new`.
  function FileBlob(parts: readonly string[]) {
    return asFile(parts);
  }
  Object.assign(globalThis, { Blob: FileBlob });
  URL.createObjectURL = (blob) => (blob as unknown as { readonly file?: string }).file ?? realCreate.call(URL, blob as Blob);
  // the backend takes half of the processors it sees, at most what it is told
  os.cpus = () => new Array<os.CpuInfo>(2 * threads).fill(realCpus()[0]!);
  try {
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', true);
    wasm.setWasmPaths(`${folder}/`);
    wasm.setThreadsCount(threads);
    await tf.setBackend('wasm');
    await tf.ready();
  } finally {
    os.cpus = realCpus;
    globalThis.Blob = realBlob;
    URL.createObjectURL = realCreate;
    // every thread has read its code by the time the backend is ready
    rmSync(temporary, { recursive: true, force: true });
  }
}
