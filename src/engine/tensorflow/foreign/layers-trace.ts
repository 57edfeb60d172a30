import type * as tf from '@tensorflow/tfjs-core';
import type { layers, LayersModel } from '@tensorflow/tfjs-layers';

type Layer = layers.Layer;

/** One call of a layer while a model computed. */
export interface LayerCall {
  /** The layer's name, behind those of the models that it is nested in: `mobilenet/conv_pw_13_relu`. */
  readonly path: string;
  readonly layer: Layer;
  readonly inputs: readonly tf.Tensor[];
  readonly output: tf.Tensor;
}

interface Container extends Layer {
  readonly layers: Layer[];
}

/** The layers of a model and of the models in it that are no models themselves, by path. */
export function leafLayers(model: LayersModel): ReadonlyMap<string, Layer> {
  const found = new Map<string, Layer>();
  const collect = (container: { readonly layers: readonly Layer[] }, prefix: string, depth: number): void => {
    if (depth > 8) throw new Error('expected models nested at most 8 deep');
    for (const layer of container.layers) {
      const path = `${prefix}${layer.name}`;
      if (Array.isArray((layer as Container).layers)) collect(layer as Container, `${path}/`, depth + 1);
      else found.set(path, layer);
    }
  };
  collect(model, '', 0);
  return found;
}

/**
 * Has a function called whenever a layer has computed, until the result is called. Layers in nested models have no symbolic tensor that
 * an outer model could name as an output, so that this is how their values are reached.
 */
export function watchLayers(watched: ReadonlyMap<string, Layer>, onCall: (call: LayerCall) => void): () => void {
  const restore = [...watched].map(([path, layer]) => {
    const [call, apply] = [layer.call.bind(layer), layer.apply.bind(layer)];
    let output: tf.Tensor | undefined;
    layer.call = (inputs, options) => {
      const result = call(inputs, options);
      output = first(result);
      onCall({ path, layer, inputs: Array.isArray(inputs) ? inputs : [inputs], output });
      return result;
    };
    layer.apply = (inputs, options) => {
      const result = apply(inputs, options);
      const handedOn = first(result) as tf.Tensor;
      // a layer that hands its input on yields a copy of it
      if (output && handedOn.id !== output.id) onCall({ path, layer, inputs: [output], output: handedOn });
      return result;
    };
    // the class's own methods again
    return () => void (Reflect.deleteProperty(layer, 'call') && Reflect.deleteProperty(layer, 'apply'));
  });
  return () => restore.forEach((undo) => undo());
}

function first<Value>(value: Value | Value[]): Value {
  return Array.isArray(value) ? value[0]! : value;
}
