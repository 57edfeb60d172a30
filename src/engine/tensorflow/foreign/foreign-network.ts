import * as tf from '@tensorflow/tfjs-core';
import type { ForeignGraph } from '../../../network/foreign-graph.js';
import { readSafetensors } from '../../../network/safetensors.js';
import type { InputBatch, Prediction } from '../../engine.js';
import { asRows, classActivationMaps, noMaps, toLogits, type YieldedTensor } from '../../foreign/foreign-outputs.js';
import { predictInGroups } from '../../foreign/predict-in-groups.js';
import { headFile } from '../../foreign/with-new-head.js';
import type { InferenceNetwork } from '../inference.js';
import { toActivations } from '../layout.js';
import { leafLayers, watchLayers } from './layers-trace.js';
import { byLibrary, loadModel, type TensorflowModel } from './load-model.js';

/** Values of a model by name, kept until they are disposed of; the output has the name ''. */
type Values = ReadonlyMap<string, tf.Tensor>;

/** A TensorFlow.js model of others on the backend of this process. @throws Error for a model that TensorFlow.js does not take */
export async function foreignNetwork(graph: ForeignGraph): Promise<InferenceNetwork> {
  const loaded = await loadModel(graph.files, graph.main);
  const head = graph.files.has(headFile) ? readSafetensors(graph.files.get(headFile)!, headFile) : undefined;
  const wanted = [graph.embedding?.name, graph.classActivation?.featureMap].filter((name) => name !== undefined);
  const run = async (input: InputBatch): Promise<Prediction> => {
    const values = await byLibrary('computes', () => computeValues(loaded, graph.output.name, wanted, input));
    try {
      return await predictionOf(graph, input.batch, head, async (name) => read(values, name));
    } finally {
      tf.dispose([...values.values()]);
    }
  };
  const fixed = loaded.model.inputs[0]?.shape?.[0];
  return {
    predict: predictInGroups(run, typeof fixed === 'number' && fixed > 0 ? fixed : undefined),
    release: () => loaded.model.dispose(),
  };
}

async function predictionOf(
  { output, embedding, classActivation }: ForeignGraph,
  batch: number,
  head: ReturnType<typeof readSafetensors> | undefined,
  value: (name: string) => Promise<YieldedTensor>,
): Promise<Prediction> {
  const features = embedding && asRows(await value(embedding.name), batch, `embedding ${embedding.name}`);
  const scores = head && features ? newHead(head, features.values, batch) : asRows(await value(''), batch, `output ${output.name}`);
  const maps = classActivation
    ? classActivationMaps(await value(classActivation.featureMap), classActivation, classActivation.layout ?? 'NHWC')
    : noMaps;
  return {
    batch,
    logits: head ? scores.values : toLogits(scores.values, output.activation),
    outputs: scores.width,
    embedding: features?.values ?? new Float32Array(0),
    features: features?.width ?? 0,
    ...maps,
  };
}

/** A linear layer that was fitted here. */
function newHead(
  head: ReturnType<typeof readSafetensors>,
  embedding: Float32Array,
  batch: number,
): { readonly width: number; readonly values: Float32Array } {
  const [weight, bias] = [head.get('head.weight'), head.get('head.bias')];
  const [outputs, features] = weight?.shape ?? [];
  if (
    !weight ||
    !bias ||
    outputs === undefined ||
    features === undefined ||
    bias.data.length !== outputs ||
    embedding.length !== batch * features
  )
    throw new Error(`${headFile}: expected head.weight and head.bias for ${embedding.length / batch} features, found something else`);
  const values = new Float32Array(batch * outputs);
  for (let image = 0; image < batch; image++)
    for (let output = 0; output < outputs; output++) {
      let sum = bias.data[output]!;
      for (let feature = 0; feature < features; feature++)
        sum += weight.data[output * features + feature]! * embedding[image * features + feature]!;
      values[image * outputs + output] = sum;
    }
  return { width: outputs, values };
}

/**
 * The output of a model and values within it.
 *
 * @param wanted paths of layers, or names of nodes
 * @throws Error naming a value that the model does not compute
 */
export function computeValues(loaded: TensorflowModel, output: string, wanted: readonly string[], input: InputBatch): Values {
  const kept = new Map<string, tf.Tensor>();
  const keep = (name: string, tensor: tf.Tensor): void => {
    kept.get(name)?.dispose();
    kept.set(name, tf.keep(tf.clone(tensor)));
  };
  try {
    tf.tidy(() => {
      const picture = toActivations(input);
      if (loaded.kind === 'graph') {
        const names = [output, ...wanted];
        const found = loaded.model.execute({ [loaded.model.inputs[0]!.name]: picture }, names);
        const tensors = Array.isArray(found) ? found : [found];
        names.forEach((name, index) => keep(index === 0 ? '' : name, tensors[index]!));
        return;
      }
      const layers = leafLayers(loaded.model);
      const watched = new Map([...layers].filter(([path]) => wanted.includes(path)));
      const stop = watchLayers(watched, ({ path, output: value }) => keep(path, value));
      try {
        const found = loaded.model.apply(picture, { training: false }) as tf.Tensor | tf.Tensor[];
        keep('', Array.isArray(found) ? found[loaded.model.outputNames.indexOf(output)]! : found);
      } finally {
        stop();
      }
    });
    for (const name of wanted) if (!kept.has(name)) throw new Error(`expected a layer ${name}, found none that computes`);
    return kept;
  } catch (error) {
    tf.dispose([...kept.values()]);
    throw error;
  }
}

async function read(values: Values, name: string): Promise<YieldedTensor> {
  const tensor = values.get(name)!;
  if (tensor.dtype !== 'float32') throw new Error(`${name || 'the output'}: expected float32, found ${tensor.dtype}`);
  return { dims: tensor.shape, values: (await tensor.data()) as Float32Array };
}
