import type { GraphModel } from '@tensorflow/tfjs-converter';
import type { TensorflowHead } from './tensorflow-head.js';
import { asRecord, type ModelJson } from './model-json.js';

interface GraphNode {
  readonly name: string;
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
}

const passing: ReadonlySet<string> = new Set(['Identity', 'Reshape', 'Squeeze', 'Cast', 'StopGradient', 'ExpandDims']);

/** The head of a graph model, from the nodes of its GraphDef. @param output name of a node */
export async function findGraphHead({ topology }: ModelJson, model: GraphModel, output: string): Promise<TensorflowHead> {
  const nodes = new Map(graphNodes(topology).map((node) => [node.name, node] as const));
  const origin = (name: string | undefined): GraphNode | undefined => {
    let node = name === undefined ? undefined : nodes.get(name);
    for (let steps = 0; node && passing.has(node.operator) && steps <= nodes.size; steps++) node = nodes.get(node.inputs[0] ?? '');
    return node;
  };
  const constant = (name: string | undefined) => {
    const node = origin(name);
    return node?.operator === 'Const' ? model.weights[node.name]?.[0] : undefined;
  };
  let node = origin(output);
  let activation: TensorflowHead['activation'] = 'none';
  if (node?.operator === 'Softmax' || node?.operator === 'Sigmoid') {
    activation = node.operator === 'Softmax' ? 'softmax' : 'sigmoid';
    node = origin(node.inputs[0]);
  }
  if (node && ['BiasAdd', 'Add', 'AddV2'].includes(node.operator) && constant(node.inputs[1])) node = origin(node.inputs[0]);
  const fused = node?.operator === '_FusedMatMul';
  // a fused activation stands behind the bias
  if (!node || (!fused && node.operator !== 'MatMul') || (fused && fusedOperators(node).some((name) => name !== 'BiasAdd')))
    return { activation };
  const kernel = constant(node.inputs[1]);
  if (kernel?.rank !== 2 || flag(node, 'transpose_a') || flag(node, 'transpose_b')) return { activation };
  const [features, outputs] = kernel.shape as [number, number];
  const input = node.inputs[0]!;
  const head = { activation, outputs, embedding: { name: input, features } };
  const pool = origin(input);
  const axes = pool?.operator === 'Mean' ? constant(pool.inputs[1]) : undefined;
  if (!pool || !axes || [...(await axes.data())].join() !== '1,2') return head;
  const values = await kernel.data();
  const headWeights = new Float32Array(outputs * features);
  for (let feature = 0; feature < features; feature++)
    for (let one = 0; one < outputs; one++) headWeights[one * features + feature] = values[feature * outputs + one]!;
  return { ...head, classActivation: { featureMap: pool.inputs[0]!, headWeights, channels: features } };
}

/** Names of the nodes, for those that a person names. */
export function graphNodeNames({ topology }: ModelJson): ReadonlySet<string> {
  return new Set(graphNodes(topology).map(({ name }) => name));
}

function graphNodes(topology: ModelJson['topology']): readonly GraphNode[] {
  const list = topology['node'];
  if (!Array.isArray(list)) return [];
  return list.map((entry) => {
    const { name, op, input, attr } = asRecord(entry) ?? {};
    const inputs = Array.isArray(input) ? input.filter((one) => typeof one === 'string') : [];
    return {
      name: String(name),
      operator: String(op),
      // `name:0` is the first output, `^name` only an order
      inputs: inputs.filter((one) => !one.startsWith('^')).map((one) => one.replace(/:0$/, '')),
      attributes: asRecord(attr) ?? {},
    };
  });
}

function flag({ attributes }: GraphNode, name: string): boolean {
  return asRecord(attributes[name])?.['b'] === true;
}

function fusedOperators({ attributes }: GraphNode): readonly string[] {
  const names = asRecord(asRecord(attributes['fused_ops'])?.['list'])?.['s'];
  return Array.isArray(names) ? names.map((name) => Buffer.from(String(name), 'base64').toString('latin1')) : [];
}
