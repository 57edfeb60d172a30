import { z } from 'zod';
import { architectureSpecSchema } from '../network/architecture-spec.js';
import { foreignFormats } from '../network/foreign-graph.js';
import { inputSchema } from './input-file.js';

export type { InputSpecification } from './input-file.js';

/**
 * model.json: one entry for each network, strict, so that a misspelt threshold is not a missing one.
 * What the numbers mean stands with the types in evaluation/rules.ts.
 */
const probability = z.number().min(0).max(1);
/** Absent: 0, as of models made before there was one. */
const bias = z.number().min(-100).max(100).optional();
const fileName = z.string().regex(/^[\w-][\w.-]*$/, 'expected a file name without folder');
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits in lower case');
const name = z.string().min(1);

const findingSchema = z
  .strictObject({
    name,
    kind: z.literal('finding'),
    temperature: z.number().positive(),
    bias,
    absentBelow: probability,
    presentFrom: probability,
    /** The publisher's operating point on its own probability, strictly between 0 and 1. */
    publishedThreshold: z.number().gt(0).lt(1).optional(),
    /** False: temperature and thresholds are the publisher's or provisional, not fitted on labels of this hospital. Absent: true. */
    calibratedHere: z.boolean().optional(),
    /** False: no box and no heat map, because the network's maps do not show where the finding is. */
    regions: z.literal(false).optional(),
  })
  .refine(({ absentBelow, presentFrom }) => absentBelow <= presentFrom, {
    message: 'absentBelow must not be above presentFrom',
    path: ['absentBelow'],
  });

const gateOutputSchema = z.strictObject({
  name,
  kind: z.literal('gate'),
  temperature: z.number().positive(),
  bias,
  acceptFrom: probability,
});

const ignoredOutputSchema = z.strictObject({ name, kind: z.literal('ignored') });

/** A classifier in a format of others (network/foreign-graph.ts). */
const graphSchema = z
  .strictObject({
    format: z.enum(foreignFormats),
    main: fileName,
    files: z
      .array(z.strictObject({ name: fileName, sha256 }))
      .min(1)
      .max(1024)
      .readonly(),
    input: z.strictObject({ name, layout: z.enum(['NCHW', 'NHWC']) }),
    output: z.strictObject({ name, activation: z.enum(['none', 'sigmoid', 'softmax']) }),
    outputs: z.int().min(1).max(4096),
    embedding: z.strictObject({ name, features: z.int().min(1).max(65_536) }).optional(),
    /** `headWeights`: name of a tensor [outputs, channels] in the network's `weights` file. */
    classActivation: z
      .strictObject({
        featureMap: name,
        headWeights: name,
        channels: z.int().min(1).max(65_536),
        layout: z.enum(['NCHW', 'NHWC']).optional(),
      })
      .optional(),
  })
  .refine(({ main, files }) => files.some((file) => file.name === main), {
    message: 'expected the main file among the files',
    path: ['main'],
  })
  .refine(({ files }) => new Set(files.map((file) => file.name)).size === files.length, {
    message: 'expected different names',
    path: ['files'],
  });

const networkSchema = z
  .strictObject({
    /** Exactly one of `architecture` and `graph`. */
    architecture: architectureSpecSchema.optional(),
    graph: graphSchema.optional(),
    /** Safetensors: weights of the architecture, the feature gate's tensors, the head of a graph's class activation. A graph may have none. */
    weights: fileName.optional(),
    sha256: sha256.optional(),
    input: inputSchema,
    /** Findings are localised by covering parts of the image in turn, where the network yields no maps; slow. */
    occlusionMaps: z.literal(true).optional(),
    /** What training took the findings for: `several` at once (sigmoid each; so if not given), or `one-of-many` (softmax over the findings). */
    objective: z.enum(['several', 'one-of-many']).optional(),
    outputs: z
      .array(z.discriminatedUnion('kind', [findingSchema, gateOutputSchema, ignoredOutputSchema]))
      .min(1)
      .readonly(),
    /** Names of tensors in the weights file, and the limit. Absent: no feature guard was fitted. */
    gate: z.strictObject({ mean: name, precision: name, maxDistance: z.number().positive() }).optional(),
    study: z.strictObject({ slices: z.int().min(1).max(1024), combine: z.literal('mean-of-top'), top: z.int().min(1) }).optional(),
  })
  // also where something else is wrong, so that the message names the first thing that is missing
  .refine(({ architecture, graph }) => (architecture === undefined) !== (graph === undefined), {
    message: 'expected exactly one of architecture and graph',
    path: ['architecture'],
    when: ({ value }) => typeof value === 'object' && value !== null,
  })
  .superRefine(({ architecture, graph, weights, sha256: digest, input, objective, outputs, gate }, context) => {
    const refuse = (message: string, path: string[]): void => void context.addIssue({ code: 'custom', message, path });
    const count = architecture?.outputs ?? graph?.outputs;
    const of = architecture ? 'the architecture' : 'the graph';
    if (outputs.length !== count) refuse(`expected ${count} outputs as ${of} has, found ${outputs.length}`, ['outputs']);
    if (architecture && input.channels !== architecture.inputChannels)
      refuse(`expected ${architecture.inputChannels} channels as the architecture has, found ${input.channels}`, ['input', 'channels']);
    if ((weights === undefined) !== (digest === undefined)) refuse('expected weights and sha256, or neither', ['sha256']);
    if (weights === undefined && (architecture ?? gate ?? graph?.classActivation))
      refuse('expected a weights file, found none', ['weights']);
    if (gate && graph && !graph.embedding) refuse('expected a graph with an embedding, which the gate examines', ['gate']);
    if (new Set(outputs.map((output) => output.name)).size !== outputs.length) refuse('expected different names', ['outputs']);
    if (!outputs.some(({ kind }) => kind === 'finding')) refuse('expected at least one output of kind finding', ['outputs']);
    if (
      objective === 'one-of-many' &&
      new Set(outputs.flatMap((output) => (output.kind === 'finding' ? [output.temperature] : []))).size > 1
    )
      refuse('expected one temperature for all findings of one-of-many', ['outputs']);
    if (outputs.filter(({ kind }) => kind === 'gate').length > 1) refuse('expected at most one output of kind gate', ['outputs']);
  });

/** Where the model of another publisher or of the hospital was taken from. */
const adoptedSchema = z.strictObject({
  /** Published name, or name of the file or folder, without its path. */
  from: name,
  /** For example `PyTorch state_dict`, `pickled PyTorch module`, `ONNX`. */
  format: name,
  /** Of the file as it was given; of a folder, of its manifest. */
  sha256,
  at: z.iso.datetime(),
  publisher: name.optional(),
  preset: name.optional(),
});

export const modelFileSchema = z.strictObject({
  name: z.string().min(1).max(64),
  manufacturer: z.string().min(1).max(64),
  created: z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'expected a date as YYYY-MM-DD'),
  license: z.string().min(1),
  networks: z
    .strictObject({ xray: networkSchema.optional(), ct: networkSchema.optional() })
    .refine(({ xray, ct }) => xray ?? ct, { message: 'expected at least one network, xray or ct' }),
  adopted: adoptedSchema.optional(),
  /** SHA-256 of CARD.md, so that a changed card is noticed; absent in models of earlier releases. */
  card: sha256.optional(),
  /** What the model was measured to do: shown, never computed with. */
  figures: z.record(z.string(), z.unknown()).default({}),
});

export type ModelFile = z.infer<typeof modelFileSchema>;
export type NetworkFile = NonNullable<ModelFile['networks']['xray']>;
export type Adopted = NonNullable<ModelFile['adopted']>;
