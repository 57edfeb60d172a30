import * as tf from '@tensorflow/tfjs-core';
import { checkOutputs, resolveInputSize, type ForeignDraft, type ForeignOptions, type InputSize } from '../../foreign/foreign-options.js';
import { trialPictures } from '../../foreign/trial-pictures.js';
import { toActivations } from '../layout.js';
import { findGraphHead, graphNodeNames } from './find-graph-head.js';
import { findLayersHead } from './find-layers-head.js';
import type { TensorflowHead } from './tensorflow-head.js';
import { leafLayers, watchLayers, type LayerCall } from './layers-trace.js';
import { byLibrary, loadModel, type TensorflowModel } from './load-model.js';
import { asRecord } from './model-json.js';

/**
 * What a TensorFlow.js classifier takes and yields.
 *
 * @param files model.json, the weight files, and perhaps Teachable Machine's metadata.json
 * @throws Error with one sentence, for anything that is not a classifier of one picture
 */
export async function describeModel(main: string, files: ReadonlyMap<string, Uint8Array>, options: ForeignOptions): Promise<ForeignDraft> {
  const loaded = await loadModel(files, main);
  try {
    const { name, input } = inputOf(loaded, options);
    const output = outputOf(loaded, options);
    const found =
      loaded.kind === 'layers' ? await layersHead(loaded, input, output.name) : await findGraphHead(loaded.json, loaded.model, output.name);
    const activation = options.activation ?? found.activation;
    const outputs = output.outputs ?? found.outputs;
    if (outputs !== undefined) checkOutputs(output.name, outputs, options);
    const { embedding, classActivation } = featuresOf(loaded, found, outputs, options);
    const { json } = loaded;
    return {
      graph: {
        format: json.format,
        files: new Map([...files].filter(([one]) => one !== metadataFile)),
        main,
        input: { name, layout: 'NHWC' },
        output: { name: output.name, activation },
        outputs,
        ...(embedding ? { embedding } : {}),
        ...(classActivation ? { classActivation } : {}),
      },
      input,
      exclusive: activation === 'softmax',
      ...labelsOf(files),
      messages: [
        `TensorFlow.js ${json.format === 'tfjs-graph' ? 'graph' : 'layers'} model${json.generatedBy ? `, written by ${json.generatedBy}` : ''}`,
      ],
    };
  } finally {
    loaded.model.dispose();
  }
}

/** Labels as Teachable Machine writes them. */
export const metadataFile = 'metadata.json';

function inputOf({ model }: TensorflowModel, options: ForeignOptions): { readonly name: string; readonly input: InputSize } {
  const [input] = model.inputs;
  if (!input || model.inputs.length > 1)
    throw new Error(
      `expected one input, a picture, found ${model.inputs.length === 0 ? 'none' : model.inputs.map(({ name }) => name).join(', ')}; export the model with the picture as its only input`,
    );
  const { name } = input;
  if (input.dtype !== 'float32')
    throw new Error(`input ${name}: expected float32, found ${String(input.dtype)}; export the model with pictures of float32`);
  const shape = input.shape;
  if (shape && shape.length !== 4)
    throw new Error(
      `input ${name}: expected a batch of pictures with 4 dimensions, found ${shape.length}${shape.length === 5 ? '; a network for volumes is not run here' : ''}`,
    );
  if (options.layout === 'NCHW')
    throw new Error(`input ${name}: expected --layout NHWC, which is all that TensorFlow.js computes, found NCHW`);
  const size = (axis: number): number | undefined => {
    const value = shape?.[axis];
    return typeof value === 'number' && value > 0 ? value : undefined;
  };
  return { name, input: resolveInputSize(name, { height: size(1), width: size(2), channels: size(3) }, options) };
}

interface FoundOutput {
  readonly name: string;
  readonly outputs?: number;
}

function outputOf({ model, kind }: TensorflowModel, { output }: ForeignOptions): FoundOutput {
  const all = model.outputs.map(({ name, shape }, index) => ({
    name: kind === 'layers' ? (model.outputNames?.[index] ?? name) : name.replace(/:0$/, ''),
    shape,
  }));
  const chosen = output === undefined ? all : all.filter(({ name }) => name === output);
  const names = all.map(({ name }) => name).join(', ');
  if (chosen.length !== 1)
    throw new Error(
      output === undefined
        ? `expected one output of scores, found ${names || 'none'}; choose one with --output`
        : `expected an output named ${output} (--output), found ${names}`,
    );
  const { name, shape } = chosen[0]!;
  const others = shape?.slice(1).filter((one) => one !== 1);
  if (others && others.length > 1)
    throw new Error(
      `output ${name}: expected scores [batch, outputs], found [${shape!.map((one) => (typeof one === 'number' && one > 0 ? one : '?')).join(', ')}]${shape!.length === 4 ? ', a map for each picture as of a segmentation' : ''}; adopt a classifier`,
    );
  const outputs = others?.[0] ?? (others ? 1 : undefined);
  return { name, ...(typeof outputs === 'number' && outputs > 0 ? { outputs } : {}) };
}

/** One picture is computed, and every layer's call is looked at. */
async function layersHead(
  { model }: Extract<TensorflowModel, { kind: 'layers' }>,
  size: InputSize,
  output: string,
): Promise<TensorflowHead> {
  const calls: LayerCall[] = [];
  const stop = watchLayers(leafLayers(model), (call) => calls.push(call));
  try {
    const found = await byLibrary('computes', () =>
      tf.tidy(() => model.apply(toActivations(trialPictures(size, 1)), { training: false }) as tf.Tensor | tf.Tensor[]),
    );
    const scores = Array.isArray(found) ? found[model.outputNames.indexOf(output)]! : found;
    const head = await findLayersHead(calls, scores);
    tf.dispose(found);
    return head;
  } finally {
    stop();
  }
}

function featuresOf(
  loaded: TensorflowModel,
  { embedding, classActivation, outputs: headOutputs }: TensorflowHead,
  outputs: number | undefined,
  { embedding: named }: ForeignOptions,
): Pick<TensorflowHead, 'embedding' | 'classActivation'> {
  if (named !== undefined && named !== embedding?.name) {
    const known = loaded.kind === 'graph' ? graphNodeNames(loaded.json).has(named) : leafLayers(loaded.model).has(named);
    if (!known)
      throw new Error(`expected a ${loaded.kind === 'graph' ? 'node' : 'layer'} named ${named} (--embedding), found none in the model`);
    // a later head reads this embedding; the map of another head would not be its own. The trial prediction tells how wide it is
    return { embedding: { name: named, features: 0 } };
  }
  if (outputs !== undefined && headOutputs !== undefined && outputs !== headOutputs) return {};
  return { ...(embedding ? { embedding } : {}), ...(classActivation ? { classActivation } : {}) };
}

function labelsOf(files: ReadonlyMap<string, Uint8Array>): { readonly labels?: readonly string[] } {
  const bytes = files.get(metadataFile);
  if (!bytes) return {};
  try {
    const labels = asRecord(JSON.parse(new TextDecoder().decode(bytes)))?.['labels'];
    return Array.isArray(labels) && labels.length > 0 && labels.every((label) => typeof label === 'string') ? { labels } : {};
  } catch {
    throw new Error(`${metadataFile}: expected JSON with labels, found something else; remove the file or export the model again`);
  }
}
