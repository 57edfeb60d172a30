import { integerValues, floatValues } from './tensor-values.js';
import type { OnnxFile, OnnxNode, OnnxTensor } from './onnx-file.js';

/** Operators that hand their first input on, at most in another shape or type. */
const passing: ReadonlySet<string> = new Set(['Identity', 'Cast', 'Flatten', 'Reshape', 'Squeeze', 'Unsqueeze', 'Dropout']);

/** A graph walked from its output towards its input. */
export interface GraphWalk {
  /** The node that makes a value; undefined for inputs and constants. */
  maker(value: string): OnnxNode | undefined;
  /** The value before everything that only hands it on. */
  origin(value: string): string;
  /** A tensor that does not depend on the input. */
  constant(value: string): ConstantTensor | undefined;
  constantIntegers(value: string | undefined): readonly number[] | undefined;
}

export interface ConstantTensor {
  readonly dims: readonly number[];
  readonly values: Float32Array;
}

export function walkGraph({ nodes, initializers }: Pick<OnnxFile, 'nodes' | 'initializers'>): GraphWalk {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const stored = (value: string): OnnxTensor | undefined => {
    const known = initializers.get(value);
    if (known) return known;
    const node = makers.get(value);
    if (node?.operator === 'Constant') return node.attributes.get('value')?.tensor;
    return undefined;
  };
  const constant = (value: string, depth = 0): ConstantTensor | undefined => {
    const tensor = stored(value);
    if (tensor) {
      const values = floatValues(tensor);
      return values && { dims: tensor.dims, values };
    }
    const node = makers.get(value);
    // weights that an exporter turns at run time
    if (!node || depth > 4 || node.inputs.length !== 1) return undefined;
    const inner = constant(node.inputs[0]!, depth + 1);
    if (!inner || node.domain !== '') return undefined;
    if (node.operator === 'Identity') return inner;
    return node.operator === 'Transpose' && inner.dims.length === 2 ? transposed(inner) : undefined;
  };
  return {
    maker: (value) => makers.get(value),
    origin: (value) => {
      let at = value;
      // a file of others may go in circles
      for (let steps = 0; steps <= nodes.length; steps++) {
        const node = makers.get(at);
        if (node?.domain !== '' || !passing.has(node.operator) || node.inputs[0] === undefined) return at;
        at = node.inputs[0];
      }
      return at;
    },
    constant,
    constantIntegers: (value) => {
      if (value === undefined || value === '') return undefined;
      const tensor = stored(value);
      if (tensor) return integerValues(tensor);
      const node = makers.get(value);
      return node?.operator === 'Constant' ? node.attributes.get('value_ints')?.integers : undefined;
    },
  };
}

/** [rows, columns] → [columns, rows]. */
export function transposed({ dims, values }: ConstantTensor): ConstantTensor {
  const [rows, columns] = dims as [number, number];
  const turned = new Float32Array(values.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) turned[column * rows + row] = values[row * columns + column]!;
  return { dims: [columns, rows], values: turned };
}
