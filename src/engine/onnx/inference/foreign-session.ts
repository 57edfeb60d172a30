import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { ForeignGraph } from '../../../network/foreign-graph.js';
import type { InputBatch, Prediction } from '../../engine.js';
import { asRows, classActivationMaps, noMaps, toChannelsLast, toLogits, type YieldedTensor } from '../../foreign/foreign-outputs.js';
import { predictInGroups } from '../../foreign/predict-in-groups.js';
import { checkFile } from '../model-file/describe-classifier.js';
import { withOutputs } from '../model-file/extend-model.js';
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
  const session = await InferenceSession.create(withOutputs(model, missing), sessionOptions(settings));
  const shape = file.inputs.find(({ name }) => name === graph.input.name)?.shape;
  const flat = shape?.length === 2;
  const run = async (input: InputBatch): Promise<Prediction> => {
    const output = await session.run({ [graph.input.name]: inputTensor(input, graph.input.layout, flat) }, wanted);
    const yielded = (name: string): YieldedTensor => {
      const tensor = output[name]!;
      if (tensor.type !== 'float32') throw new Error(`${name}: expected float32, found ${tensor.type}`);
      return { dims: tensor.dims, values: tensor.data as Float32Array };
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
