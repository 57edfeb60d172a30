import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { ForeignGraph } from '../../../network/foreign-graph.js';
import type { InputBatch, Prediction } from '../../engine.js';
import { asRows, classActivationMaps, noMaps, toChannelsLast, toLogits, type YieldedTensor } from '../../foreign/foreign-outputs.js';
import { predictInGroups } from '../../foreign/predict-in-groups.js';
import { readElements } from '../../../network/element-type.js';
import { checkFile, half } from '../model-file/describe-classifier.js';
import { floatInputName, withFloatInput, withOutputs } from '../model-file/extend-model.js';
import { readOnnxFile } from '../model-file/onnx-file.js';
import type { OnnxSessionSettings } from '../protocol.js';
import { sessionOptions, type BlockingSession } from './inference-session.js';

/**
 * A session for an ONNX classifier of others: the values that are needed and that its file does not yield become outputs as well.
 *
 * @throws Error for a file that needs more than itself (external data, custom operators), or that onnxruntime does not take
 */
export async function openForeignSession(graph: ForeignGraph, settings: OnnxSessionSettings): Promise<BlockingSession> {
  const model = graph.files.get(graph.main);
  if (!model) throw new Error(`expected the file ${graph.main} of the graph, found ${[...graph.files.keys()].join(', ') || 'none'}`);
  const file = readOnnxFile(model);
  checkFile(file);
  const wanted = [graph.output.name, graph.embedding?.name, graph.classActivation?.featureMap].filter((name) => name !== undefined);
  const missing = [...new Set(wanted)].filter((name) => !file.outputs.some((output) => output.name === name));
  const image = file.inputs.find(({ name }) => name === graph.input.name);
  const isHalf = image?.elementType === half;
  const extended = withOutputs(isHalf ? withFloatInput(model, image.name) : model, missing);
  const session = await InferenceSession.create(extended, sessionOptions(settings));
  const inputName = isHalf ? floatInputName : graph.input.name;
  const shape = image?.shape;
  const flat = shape?.length === 2;
  const run = async (input: InputBatch): Promise<Prediction> => {
    const output = await session.run({ [inputName]: inputTensor(input, graph.input.layout, flat) }, wanted);
    const yielded = (name: string): YieldedTensor => {
      const tensor = output[name]!;
      return { dims: tensor.dims, values: floatsOf(name, tensor) };
    };
    return predictionOf(graph, input.batch, yielded);
  };
  const fixed = shape?.[0];
  return {
    predict: predictInGroups(run, typeof fixed === 'number' ? fixed : undefined),
    release: () => session.release(),
  };
}

function inputTensor({ data, batch, channels, height, width }: InputBatch, layout: 'NCHW' | 'NHWC', flat: boolean): Tensor {
  const values = layout === 'NCHW' ? data : toChannelsLast(data, batch, channels, height, width);
  if (flat) return new Tensor('float32', values, [batch, channels * height * width]);
  return new Tensor('float32', values, layout === 'NCHW' ? [batch, channels, height, width] : [batch, height, width, channels]);
}

/** onnxruntime gives half precision as numbers where JavaScript has an array for them, else as their bits. */
function floatsOf(name: string, { type, data }: Tensor): Float32Array {
  if (type === 'float32') return data as Float32Array;
  if (type !== 'float16') throw new Error(`${name}: expected float32 or float16, found ${type}`);
  if (!(data instanceof Uint16Array)) return Float32Array.from(data as unknown as ArrayLike<number>);
  return readElements(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 'F16');
}

function predictionOf(
  { output, embedding, classActivation }: ForeignGraph,
  batch: number,
  yielded: (name: string) => YieldedTensor,
): Prediction {
  const scores = asRows(yielded(output.name), batch, `output ${output.name}`);
  const features = embedding && asRows(yielded(embedding.name), batch, `embedding ${embedding.name}`);
  const maps = classActivation
    ? classActivationMaps(yielded(classActivation.featureMap), classActivation, classActivation.layout ?? 'NCHW')
    : noMaps;
  return {
    batch,
    logits: toLogits(scores.values, output.activation),
    outputs: scores.width,
    embedding: features?.values ?? new Float32Array(0),
    features: features?.width ?? 0,
    ...maps,
  };
}
