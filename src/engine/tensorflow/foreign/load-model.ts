import * as tf from '@tensorflow/tfjs-core';
import type { GraphModel } from '@tensorflow/tfjs-converter';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { asRecord, modelArtifacts, parseModelJson, type ModelJson } from './model-json.js';

export type TensorflowModel = { readonly json: ModelJson } & (
  | { readonly kind: 'layers'; readonly model: LayersModel }
  | { readonly kind: 'graph'; readonly model: GraphModel }
);

/** Loads a model from its files. @throws Error with one sentence */
export async function loadModel(files: ReadonlyMap<string, Uint8Array>, main: string): Promise<TensorflowModel> {
  const bytes = files.get(main);
  if (!bytes) throw new Error(`expected the file ${main}, found ${[...files.keys()].join(', ') || 'none'}`);
  const json = parseModelJson(bytes);
  const artifacts = modelArtifacts(json, files);
  const handler = tf.io.fromMemory(artifacts);
  if (json.format === 'tfjs-graph') {
    const { loadGraphModel } = await import('@tensorflow/tfjs-converter');
    return { kind: 'graph', json, model: await byLibrary('loads', () => loadGraphModel(handler)) };
  }
  const { loadLayersModel } = await import('@tensorflow/tfjs-layers');
  refuseForeignLayers(json.topology);
  return { kind: 'layers', json, model: await byLibrary('loads', () => loadLayersModel(handler)) };
}

/** What TensorFlow.js does with a model of others. @throws Error in one sentence */
export async function byLibrary<Result>(verb: 'loads' | 'computes', work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    // where a description does not fit, TensorFlow.js stumbles over values that are missing
    const stumbled = [TypeError, RangeError, ReferenceError, SyntaxError].some((kind) => error instanceof kind);
    const reason = error instanceof Error && !stumbled ? error.message.split('\n')[0]!.slice(0, 200) : 'its description is damaged';
    throw new Error(
      `expected a model that TensorFlow.js ${verb}, found one that it does not (${reason}); export the model again, as a graph model or as ONNX`,
      { cause: error },
    );
  }
}

/**
 * A Lambda layer is Python code, and a layer of somebody's own is known to nobody else.
 *
 * @throws Error naming the layer and its class
 */
function refuseForeignLayers(topology: unknown): void {
  const known = tf.serialization.SerializationMap.getMap().classNameMap;
  const visit = (value: unknown, depth: number): void => {
    if (depth > 32) throw new Error('expected a description of layers, found one nested deeper than 32');
    const config = asRecord(asRecord(value)?.['config']);
    const list = config?.['layers'];
    if (!Array.isArray(list)) return;
    for (const entry of list) {
      const layer = asRecord(entry);
      const name = asRecord(layer?.['config'])?.['name'] ?? layer?.['name'];
      const className = layer?.['class_name'];
      if (typeof className !== 'string' || !Object.hasOwn(known, className))
        throw new Error(
          `layer ${String(name).slice(0, 80)}: expected a layer that TensorFlow.js has, found ${String(className).slice(0, 80)}${className === 'Lambda' ? ', which is Python code' : ''}; ` +
            'replace it by layers of Keras, or export the model as ONNX',
        );
      visit(layer, depth + 1);
    }
  };
  visit(asRecord(topology)?.['model_config'] ?? topology, 0);
}
