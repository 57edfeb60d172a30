import type * as tf from '@tensorflow/tfjs-core';
import type { LayerCall } from './layers-trace.js';
import type { TensorflowHead } from './tensorflow-head.js';

/** Layers that hand their input on, at most in another shape. */
const passing: ReadonlySet<string> = new Set([
  'Dropout',
  'SpatialDropout2D',
  'Flatten',
  'Reshape',
  'GaussianNoise',
  'GaussianDropout',
  'AlphaDropout',
]);

/**
 * The head of a layers model, from the calls of its layers while it computed a picture: back over the activation to the last dense layer,
 * and to the average pooling before it.
 */
export async function findLayersHead(calls: readonly LayerCall[], output: tf.Tensor): Promise<TensorflowHead> {
  const maker = (tensor: tf.Tensor | undefined): LayerCall | undefined =>
    tensor && calls.findLast((call) => call.output.id === tensor.id && !call.inputs.some(({ id }) => id === tensor.id));
  const origin = (tensor: tf.Tensor | undefined): LayerCall | undefined => {
    let call = maker(tensor);
    for (let steps = 0; call && passing.has(call.layer.getClassName()) && steps < 100; steps++) call = maker(call.inputs[0]);
    return call;
  };
  let call = origin(output);
  let activation: TensorflowHead['activation'] = 'none';
  if (call && ['Activation', 'Softmax'].includes(call.layer.getClassName())) {
    const name = call.layer.getClassName() === 'Softmax' ? 'softmax' : String(call.layer.getConfig()['activation']);
    if (name === 'softmax' || name === 'sigmoid') activation = name;
    if (activation !== 'none' || name === 'linear') call = origin(call.inputs[0]);
  }
  const className = call?.layer.getClassName();
  if (!call || (className !== 'Dense' && className !== 'Conv2D')) return { activation };
  const own = String(call.layer.getConfig()['activation'] ?? 'linear');
  if (own === 'softmax' || own === 'sigmoid') activation = own;
  else if (own !== 'linear') return { activation };
  const kernel = call.layer.getWeights()[0];
  const [features, outputs] = (kernel?.shape ?? []).slice(-2) as [number, number];
  const input = call.inputs[0]!;
  const isLinear =
    className === 'Dense'
      ? input.rank === 2
      : kernel?.shape[0] === 1 && kernel.shape[1] === 1 && input.shape[1] === 1 && input.shape[2] === 1;
  // a dense layer on the pictures' features; the layer that yields them, whatever hands them on between
  const before = origin(input);
  if (!kernel || !isLinear || !before) return { activation };
  const pool = before.layer.getClassName() === 'GlobalAveragePooling2D' ? before : undefined;
  const source = maker(pool?.inputs[0]);
  const embedding = maker(input) ?? before;
  const head = { activation, outputs, embedding: { name: embedding.path, features } };
  if (!source || pool?.inputs[0]?.shape[3] !== features) return head;
  const values = (await kernel.data()) as Float32Array;
  const headWeights = new Float32Array(outputs * features);
  for (let feature = 0; feature < features; feature++)
    for (let one = 0; one < outputs; one++) headWeights[one * features + feature] = values[feature * outputs + one]!;
  return { ...head, classActivation: { featureMap: source.path, headWeights, channels: features } };
}
