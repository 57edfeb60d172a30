import protobuf from 'protobufjs/light.js';

/**
 * The part of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, IR version 8) that the
 * graphs here use: field names and numbers exactly as there. Written as protobufjs' JSON descriptor so that
 * it is compiled with the code and needs no file beside it.
 */
const field = (type: string, id: number) => ({ type, id });
const repeated = (type: string, id: number) => ({ rule: 'repeated', type, id });

const root = protobuf.Root.fromJSON({
  nested: {
    onnx: {
      nested: {
        OperatorSetIdProto: { fields: { domain: field('string', 1), version: field('int64', 2) } },
        TensorProto: {
          fields: { dims: repeated('int64', 1), data_type: field('int32', 2), name: field('string', 8), raw_data: field('bytes', 9) },
        },
        AttributeProto: {
          fields: {
            name: field('string', 1),
            f: field('float', 2),
            i: field('int64', 3),
            s: field('bytes', 4),
            floats: repeated('float', 7),
            ints: repeated('int64', 8),
            type: field('int32', 20),
          },
        },
        NodeProto: {
          fields: {
            input: repeated('string', 1),
            output: repeated('string', 2),
            name: field('string', 3),
            op_type: field('string', 4),
            attribute: repeated('AttributeProto', 5),
            domain: field('string', 7),
          },
        },
        DimensionProto: {
          oneofs: { value: { oneof: ['dim_value', 'dim_param'] } },
          fields: { dim_value: field('int64', 1), dim_param: field('string', 2) },
        },
        TensorShapeProto: { fields: { dim: repeated('DimensionProto', 1) } },
        TensorTypeProto: { fields: { elem_type: field('int32', 1), shape: field('TensorShapeProto', 2) } },
        TypeProto: { fields: { tensor_type: field('TensorTypeProto', 1) } },
        ValueInfoProto: { fields: { name: field('string', 1), type: field('TypeProto', 2) } },
        GraphProto: {
          fields: {
            node: repeated('NodeProto', 1),
            name: field('string', 2),
            initializer: repeated('TensorProto', 5),
            input: repeated('ValueInfoProto', 11),
            output: repeated('ValueInfoProto', 12),
          },
        },
        ModelProto: {
          fields: {
            ir_version: field('int64', 1),
            producer_name: field('string', 2),
            graph: field('GraphProto', 7),
            opset_import: repeated('OperatorSetIdProto', 8),
          },
        },
      },
    },
  },
});

export const ModelProto = root.lookupType('onnx.ModelProto');

/** `TensorProto.DataType`. */
export const elementCodes = { float32: 1, int32: 6, int64: 7, bool: 9 } as const;

/** `AttributeProto.AttributeType`. */
export const attributeCodes = { float: 1, int: 2, string: 3, floats: 6, ints: 7 } as const;
