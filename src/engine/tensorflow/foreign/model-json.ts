import type { io } from '@tensorflow/tfjs-core';

/** `model.json` of TensorFlow.js (tfjs-core/src/io/types.ts, `ModelJSON`), as far as it is looked at. */
export interface ModelJson {
  readonly format: 'tfjs-layers' | 'tfjs-graph';
  readonly topology: Readonly<Record<string, unknown>>;
  readonly manifest: readonly { readonly paths: readonly string[]; readonly weights: readonly io.WeightsManifestEntry[] }[];
  readonly generatedBy: string;
}

const maxShards = 256;

/** @throws Error for what is no such file */
export function parseModelJson(bytes: Uint8Array): ModelJson {
  let content: unknown;
  try {
    content = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new Error(`expected JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  const { modelTopology: topology, weightsManifest: manifest, format, generatedBy, convertedBy } = asRecord(content) ?? {};
  const known = asRecord(topology);
  if (!known) throw new Error('expected modelTopology, as TensorFlow.js writes it, found none');
  const isGraph = format === 'graph-model' || Array.isArray(known['node']);
  if (!isGraph && asRecord(known['model_config']) === undefined && typeof known['class_name'] !== 'string')
    throw new Error('expected a layers model or a graph model in modelTopology, found neither');
  if (!Array.isArray(manifest)) throw new Error('expected weightsManifest, the list of weight files, found none');
  return {
    format: isGraph ? 'tfjs-graph' : 'tfjs-layers',
    topology: known,
    manifest: manifest.map((group, index) => {
      const { paths, weights } = asRecord(group) ?? {};
      if (!Array.isArray(paths) || !paths.every((path) => typeof path === 'string') || !Array.isArray(weights))
        throw new Error(`expected paths and weights in weightsManifest, found something else in entry ${index + 1}`);
      return { paths, weights: weights as io.WeightsManifestEntry[] };
    }),
    generatedBy: [convertedBy, generatedBy]
      .filter((text) => typeof text === 'string')
      .join(', ')
      .slice(0, 80),
  };
}

/** The weight files that a model.json lists. @throws Error for a name that leads out of its folder */
export function companionsOfModel(model: Uint8Array): readonly string[] {
  const names = parseModelJson(model).manifest.flatMap(({ paths }) => paths);
  if (names.length > maxShards) throw new Error(`expected at most ${maxShards} weight files, found ${names.length}`);
  for (const name of names)
    if (!/^[\w-][\w.-]*$/.test(name) || /\.(json|md|safetensors)$/i.test(name))
      throw new Error(
        `expected weight files beside model.json, found the path ${JSON.stringify(name.slice(0, 100))}; put all files into one folder`,
      );
  return [...new Set(names)];
}

const elementBytes: Readonly<Record<string, number>> = { float32: 4, int32: 4, bool: 1, complex64: 8, uint8: 1, uint16: 2, float16: 2 };

/** The model as TensorFlow.js loads it from memory. @throws Error if weight files are missing or of another length */
export function modelArtifacts({ topology, manifest, format }: ModelJson, files: ReadonlyMap<string, Uint8Array>): io.ModelArtifacts {
  const shards = manifest.flatMap(({ paths }) =>
    paths.map((path) => {
      const file = files.get(path);
      if (!file) throw new Error(`expected the weight file ${path} beside model.json, found none; copy it there`);
      return file;
    }),
  );
  const specs = manifest.flatMap(({ weights }) => weights);
  const data = new Uint8Array(shards.reduce((sum, shard) => sum + shard.length, 0));
  let at = 0;
  for (const shard of shards) {
    data.set(shard, at);
    at += shard.length;
  }
  checkWeights(specs, data);
  return {
    modelTopology: topology,
    format: format === 'tfjs-graph' ? 'graph-model' : 'layers-model',
    weightSpecs: specs,
    weightData: data.buffer,
  };
}

/** @throws Error for lengths that do not add up and for weights that are not numbers */
function checkWeights(specs: readonly io.WeightsManifestEntry[], data: Uint8Array): void {
  let at = 0;
  for (const spec of specs) {
    const { name, shape, dtype, quantization } = asRecord(spec) ?? {};
    if (typeof name !== 'string' || !Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0))
      throw new Error('expected a name and a shape for each weight, found something else in weightsManifest');
    const type = (asRecord(quantization)?.['dtype'] ?? dtype) as string;
    const bytes = Object.hasOwn(elementBytes, type) ? elementBytes[type]! : undefined;
    if (bytes === undefined) throw new Error(`weight ${name}: expected numbers, found elements of ${String(type).slice(0, 40)}`);
    const count = (shape as number[]).reduce((product, size) => product * size, 1);
    const end = at + count * bytes;
    if (end > data.length)
      throw new Error(`weight ${name}: expected ${end} bytes in the weight files, found ${data.length}; copy the files again`);
    if (type === 'float32') {
      const wrong = new Float32Array(data.slice(at, end).buffer).findIndex(Number.isNaN);
      if (wrong >= 0) throw new Error(`weight ${name} contains NaN at element ${wrong}; export the model again from sound weights`);
    }
    at = end;
  }
  if (at !== data.length) throw new Error(`expected ${at} bytes in the weight files, found ${data.length}; copy the files again`);
}

export function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}
