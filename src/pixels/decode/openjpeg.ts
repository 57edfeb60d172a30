import { readFile } from 'node:fs/promises';
import type { DecodedFrame } from './stored-frames.js';

/** What codecs/openjpeg/decode.c exports. */
interface OpenJpeg {
  readonly memory: WebAssembly.Memory;
  malloc(length: number): number;
  free(pointer: number): void;
  /** 1 if done. */
  decode(bytes: number, length: number): number;
  /** Seven 32-bit words: width, height, components, precision, signed, bytes a sample, pointer to the samples. */
  frameInfo(): number;
  /** Zero-terminated text. */
  errorMessage(): number;
  _initialize(): void;
}

const program = new URL('../../../../codecs/openjpeg/openjpeg.wasm', import.meta.url);
/** Memory of WebAssembly never shrinks: an instance that grew beyond this is not reused for the next frame. */
const maxKeptBytes = 256e6;
let compiled: Promise<WebAssembly.Module> | undefined;
let instance: OpenJpeg | undefined;

/**
 * A JPEG 2000 codestream (ISO/IEC 15444-1) of 1 to 16 bits, components of one size, by OpenJPEG as WebAssembly.
 * @throws Error with what OpenJPEG says; truncated codestreams too
 */
export async function decodeOpenJpeg(codestream: Uint8Array): Promise<DecodedFrame> {
  const openJpeg = (instance ??= await instantiate());
  // Dropped here and taken back at the end: after a failure the next frame gets a new instance.
  instance = undefined;
  const bytes = openJpeg.malloc(codestream.length);
  if (bytes === 0) throw new Error(`no memory for a codestream of ${codestream.length} bytes`);
  new Uint8Array(openJpeg.memory.buffer, bytes, codestream.length).set(codestream);
  if (openJpeg.decode(bytes, codestream.length) !== 1) throw new Error(textAt(openJpeg.memory, openJpeg.errorMessage()));
  const [width, height, components, precision, , size, samples] = new Uint32Array(
    openJpeg.memory.buffer,
    openJpeg.frameInfo(),
    7,
  ) as unknown as [number, number, number, number, number, number, number];
  const copy = new Uint8Array(openJpeg.memory.buffer, samples, width * height * components * size).slice();
  openJpeg.free(samples);
  openJpeg.free(bytes);
  if (openJpeg.memory.buffer.byteLength <= maxKeptBytes) instance = openJpeg;
  return { samples: size === 1 ? copy : new Uint16Array(copy.buffer), precision };
}

async function instantiate(): Promise<OpenJpeg> {
  compiled ??= readFile(program).then((bytes) => WebAssembly.compile(bytes));
  const notSupported = (): number => 52;
  const imports = {
    env: { emscripten_notify_memory_growth: (): void => undefined },
    // Called for environment variables; none are passed.
    wasi_snapshot_preview1: { environ_sizes_get: notSupported, environ_get: notSupported },
  };
  const { exports } = await WebAssembly.instantiate(await compiled, imports);
  const openJpeg = exports as unknown as OpenJpeg;
  openJpeg._initialize();
  return openJpeg;
}

function textAt({ buffer }: WebAssembly.Memory, pointer: number): string {
  const bytes = new Uint8Array(buffer, pointer);
  return Buffer.from(bytes.subarray(0, bytes.indexOf(0)))
    .toString('latin1')
    .trim();
}
