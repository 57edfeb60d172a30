import { Fault } from '../../errors.js';
import type { ForeignGraph } from '../../network/foreign-graph.js';
import { writeSafetensors } from '../../network/safetensors.js';
import { headNames, withLinearHead, type LinearHead } from '../onnx/model-file/extend-model.js';
import { findHead } from '../onnx/model-file/find-head.js';
import { walkGraph } from '../onnx/model-file/graph-walk.js';
import { readOnnxFile } from '../onnx/model-file/onnx-file.js';

/** The file beside a TensorFlow.js model with a head that was fitted here: tensors `head.weight` [outputs, features] and `head.bias`. */
export const headFile = 'head.safetensors';

/**
 * The graph with another linear head on its embedding: its body is as it was, its outputs are the new head's logits. In an ONNX file the
 * head becomes part of the graph; beside a TensorFlow.js model it is a file of its own.
 *
 * @throws Fault 'model-invalid' for a graph without embedding, or a head of another width
 */
export function withNewHead(graph: ForeignGraph, head: LinearHead): ForeignGraph {
  const { embedding } = graph;
  const outputs = head.bias.length;
  if (!embedding)
    throw new Fault(
      'model-invalid',
      'a new head needs an embedding, and none was found in the graph; name one with --embedding when the model is adopted',
    );
  if (outputs === 0 || head.weights.length !== outputs * embedding.features)
    throw new Fault(
      'model-invalid',
      `a new head: expected ${embedding.features} weights for each output, found ${head.weights.length} for ${outputs} outputs`,
    );
  const { classActivation, ...rest } = graph;
  const output = { name: headNames.logits, activation: 'none' } as const;
  if (graph.format === 'onnx') {
    const main = withLinearHead(graph.files.get(graph.main)!, embedding.name, head);
    const found = findHead(walkGraph(readOnnxFile(main)), headNames.logits).classActivation;
    return { ...rest, files: new Map([...graph.files, [graph.main, main]]), output, outputs, ...(found ? { classActivation: found } : {}) };
  }
  const content = writeSafetensors(
    new Map([
      ['head.weight', { shape: [outputs, embedding.features], data: head.weights }],
      ['head.bias', { shape: [outputs], data: head.bias }],
    ]),
  );
  return {
    ...rest,
    files: new Map([...graph.files, [headFile, content]]),
    output: graph.files.has(headFile) ? graph.output : { ...graph.output, activation: 'none' },
    outputs,
    ...(classActivation ? { classActivation: { ...classActivation, headWeights: head.weights } } : {}),
  };
}
