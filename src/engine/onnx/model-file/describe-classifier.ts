import { checkOutputs, resolveInputSize, type ForeignDraft, type ForeignOptions, type InputSize } from '../../foreign/foreign-options.js';
import type { ForeignGraph } from '../../../network/foreign-graph.js';
import { findHead } from './find-head.js';
import { walkGraph, type GraphWalk } from './graph-walk.js';
import { readOnnxFile, type OnnxDimension, type OnnxFile, type OnnxValue } from './onnx-file.js';
import { tensorMistake } from './tensor-values.js';

const float = 1;
/** `TensorProto.DataType` of half precision (IEEE 754 binary16). */
export const half = 10;
const elementNames: Readonly<Record<number, string>> = {
  2: 'uint8',
  3: 'int8',
  6: 'int32',
  7: 'int64',
  8: 'text',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  16: 'bfloat16',
};
/** Operators of ONNX itself and of onnxruntime; the code of any other is a library that only its maker has. */
const knownDomains: ReadonlySet<string> = new Set(['', 'ai.onnx.ml', 'com.microsoft', 'com.microsoft.nchwc', 'com.ms.internal.nhwc']);
const sidesOfFlat = [1, 3] as const;

/**
 * What an ONNX classifier takes and yields, from its file alone.
 *
 * @param main the name under which the file is kept
 * @throws Error with one sentence, for anything that is not a classifier of one picture
 */
export function describeOnnx(bytes: Uint8Array, main: string, options: ForeignOptions = {}): ForeignDraft {
  const file = readOnnxFile(bytes);
  checkFile(file);
  const image = imageInput(file);
  const { layout, input } = inputOf(image, options);
  const walk = walkGraph(file);
  const value = scoresOf(file, walk, options);
  const head = findHead(walk, value.name);
  const activation = options.activation ?? head.activation;
  const outputs = outputsOf(value) ?? head.outputs;
  if (outputs !== undefined) checkOutputs(value.name, outputs, options);
  const usable = head.outputs === undefined || outputs === undefined || head.outputs === outputs;
  const embedding = embeddingOf(file, walk, options) ?? (usable ? head.embedding : undefined);
  const graph: ForeignDraft['graph'] = {
    format: 'onnx',
    files: new Map([[main, bytes]]),
    main,
    input: { name: image.name, layout },
    output: { name: value.name, activation },
    outputs,
    ...(embedding ? { embedding } : {}),
    ...(usable && head.classActivation ? { classActivation: head.classActivation } : {}),
  };
  return {
    graph,
    input,
    exclusive: options.activation === undefined ? head.exclusive : options.activation === 'softmax',
    ...labelsOf(file),
    messages: [`ONNX, opset ${file.opsets.get('') ?? 'of none'}${file.producer ? `, written by ${file.producer.slice(0, 60)}` : ''}`],
  };
}

/** @throws Error for a file that onnxruntime alone cannot compute, or whose weights are broken */
export function checkFile(file: OnnxFile): void {
  for (const { operator, domain, name } of file.operators)
    if (!knownDomains.has(domain) && !file.functions.has(`${domain}:${operator}`))
      throw new Error(
        `node ${name || '(without a name)'}: expected operators of ONNX, found the custom operator ${domain}:${operator}; export the model without it`,
      );
  for (const tensor of file.tensors) {
    if (tensor.external)
      throw new Error(
        `tensor ${tensor.name}: expected its values in the file, found external data (${tensor.external.get('location') ?? 'no location'})`,
      );
    const mistake = tensorMistake(tensor);
    if (mistake !== undefined)
      throw new Error(`tensor ${tensor.name || '(without a name)'} ${mistake}; export the model again from sound weights`);
  }
}

function imageInput({ inputs, initializers }: OnnxFile): OnnxValue {
  const given = inputs.filter(({ name }) => !initializers.has(name));
  const [image] = given;
  if (!image || given.length > 1)
    throw new Error(
      `expected one input, a picture, found ${given.length === 0 ? 'none' : given.map(({ name }) => name).join(', ')}; export the model with the picture as its only input`,
    );
  if (image.kind !== 'tensor' || !isReal(image.elementType))
    throw new Error(
      `input ${image.name}: expected a tensor of float32 or float16, found ${image.kind === 'tensor' ? (elementNames[image.elementType] ?? `element type ${image.elementType}`) : `a ${image.kind}`}; export the model in float32`,
    );
  return image;
}

function inputOf({ name, shape }: OnnxValue, options: ForeignOptions): { readonly layout: 'NCHW' | 'NHWC'; readonly input: InputSize } {
  if (shape?.length === 2) return { layout: options.layout ?? 'NCHW', input: flatSize(name, shape[1], options) };
  if (shape && shape.length !== 4)
    throw new Error(
      `input ${name}: expected a batch of pictures with 4 dimensions, found ${shape.length} (${shapeText(shape)})${shape.length === 5 ? '; a network for volumes is not run here' : ''}`,
    );
  const [, one, two, three] = shape ?? [];
  const isChannels = (size: OnnxDimension): boolean => size === 1 || size === 3;
  const layout = options.layout ?? (isChannels(three) && !isChannels(one) ? 'NHWC' : 'NCHW');
  const sizes = layout === 'NCHW' ? { channels: one, height: two, width: three } : { channels: three, height: one, width: two };
  const number = (size: OnnxDimension): number | undefined => (typeof size === 'number' ? size : undefined);
  return {
    layout,
    input: resolveInputSize(name, { channels: number(sizes.channels), height: number(sizes.height), width: number(sizes.width) }, options),
  };
}

/** Pixels in one row, as scikit-learn takes them: of a square picture unless the options say otherwise. */
function flatSize(name: string, length: OnnxDimension, options: ForeignOptions): InputSize {
  if (typeof length !== 'number')
    throw new Error(`input ${name}: expected a fixed number of pixels, found ${String(length ?? 'an open one')}; export the model with it`);
  const channels = options.channels ?? sidesOfFlat.find((count) => Number.isInteger(Math.sqrt(length / count))) ?? 1;
  const pixels = length / channels;
  const height = options.height ?? (options.width === undefined ? Math.sqrt(pixels) : pixels / options.width);
  const width = options.width ?? pixels / height;
  if (!Number.isInteger(height) || !Number.isInteger(width) || channels * height * width !== length)
    throw new Error(
      `input ${name}: expected the ${length} pixels of a picture, found no width and height for them; set --channels and --size`,
    );
  return resolveInputSize(name, { channels, height, width }, options);
}

function isReal(elementType: number): boolean {
  return elementType === float || elementType === half;
}

/** The value with the scores: the only output of floats [batch, outputs], or the one that is named. */
function scoresOf({ outputs, nodes, initializers }: OnnxFile, walk: GraphWalk, { output }: ForeignOptions): OnnxValue {
  if (output !== undefined) {
    const known = outputs.find(({ name }) => name === output);
    if (known) return checkScores(known);
    if (nodes.some((node) => node.outputs.includes(output)) && !initializers.has(output))
      return { name: output, kind: 'tensor', elementType: float };
    throw new Error(`expected a value named ${output} (--output), found the outputs ${outputs.map(({ name }) => name).join(', ')}`);
  }
  // scikit-learn's classifiers also yield the label, and the probabilities as a list of maps
  const scores = outputs.flatMap((value): OnnxValue[] => {
    const maker = walk.maker(value.name);
    if (value.kind === 'sequence' && maker?.operator === 'ZipMap') return [{ name: maker.inputs[0]!, kind: 'tensor', elementType: float }];
    return value.kind === 'tensor' && (isReal(value.elementType) || value.elementType === 0) ? [value] : [];
  });
  const plausible = scores.length > 1 ? scores.filter((value) => isScores(value.shape)) : scores;
  const [found] = plausible;
  if (!found)
    throw new Error(
      `expected an output of float32 or float16 [batch, outputs], found ${outputs.map((value) => `${value.name} (${describeValue(value)})`).join(', ') || 'none'}`,
    );
  if (plausible.length > 1)
    throw new Error(`expected one output of scores, found ${plausible.map(({ name }) => name).join(', ')}; choose one with --output`);
  return checkScores(found);
}

function checkScores(value: OnnxValue): OnnxValue {
  if (value.shape === undefined || isScores(value.shape)) return value;
  const { shape, name } = value;
  throw new Error(
    `output ${name}: expected scores [batch, outputs], found ${shapeText(shape)}${shape.length === 4 ? ', a map for each picture as of a segmentation' : ''}; adopt a classifier, or choose another output with --output`,
  );
}

/** [batch, outputs], perhaps with dimensions of 1 behind; [batch] of a single score. */
function isScores(shape: OnnxValue['shape']): boolean {
  return shape === undefined || (shape.length >= 1 && shape.slice(2).every((size) => size === 1));
}

function outputsOf({ shape }: OnnxValue): number | undefined {
  if (shape?.length === 1) return 1;
  return typeof shape?.[1] === 'number' ? shape[1] : undefined;
}

function embeddingOf({ nodes }: OnnxFile, walk: GraphWalk, { embedding }: ForeignOptions): ForeignGraph['embedding'] {
  if (embedding === undefined) return undefined;
  if (!nodes.some(({ outputs }) => outputs.includes(embedding)) || walk.maker(embedding)?.operator === 'Constant')
    throw new Error(`expected a value named ${embedding} (--embedding), found none in the graph`);
  // the trial prediction tells how wide it is
  return { name: embedding, features: 0 };
}

/** Names of the classes, where the exporter wrote them among the metadata as a JSON list or a map of numbers to names. */
function labelsOf({ metadata }: OnnxFile): { readonly labels?: readonly string[] } {
  for (const key of ['labels', 'classes', 'class_names', 'names', 'pathologies']) {
    const text = metadata.get(key);
    if (text === undefined) continue;
    try {
      const value: unknown = JSON.parse(text.replaceAll("'", '"').replaceAll(/([{,]\s*)(\d+):/g, '$1"$2":'));
      const labels = Array.isArray(value) ? value : typeof value === 'object' && value !== null ? Object.values(value) : [];
      if (labels.length > 0 && labels.every((label) => typeof label === 'string')) return { labels };
    } catch {
      const labels = text.split(/[,;\n]/).map((label) => label.trim());
      if (labels.length > 1) return { labels };
    }
  }
  return {};
}

function describeValue({ kind, elementType, shape }: OnnxValue): string {
  return kind === 'tensor'
    ? `${elementType === float ? 'float32' : (elementNames[elementType] ?? `element type ${elementType}`)} ${shape ? shapeText(shape) : ''}`.trim()
    : `a ${kind}`;
}

function shapeText(shape: readonly OnnxDimension[]): string {
  return `[${shape.map((size) => size ?? '?').join(', ')}]`;
}
