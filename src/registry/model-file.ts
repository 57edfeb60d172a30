import { z } from 'zod';
import { architectureSpecSchema } from '../network/architecture-spec.js';

/**
 * model.json: one entry for each network, strict, so that a misspelt threshold is not a missing one.
 * What the numbers mean stands with the types in evaluation/rules.ts.
 */
const probability = z.number().min(0).max(1);
/** Absent: 0, as of models made before there was one. */
const bias = z.number().min(-100).max(100).optional();
const fileName = z.string().regex(/^[\w-][\w.-]*$/, 'expected a file name without folder');

const findingSchema = z
  .strictObject({
    name: z.string().min(1),
    kind: z.literal('finding'),
    temperature: z.number().positive(),
    bias,
    absentBelow: probability,
    presentFrom: probability,
  })
  .refine(({ absentBelow, presentFrom }) => absentBelow <= presentFrom, {
    message: 'absentBelow must not be above presentFrom',
    path: ['absentBelow'],
  });

const gateOutputSchema = z.strictObject({
  name: z.string().min(1),
  kind: z.literal('gate'),
  temperature: z.number().positive(),
  bias,
  acceptFrom: probability,
});

const inputSchema = z.strictObject({
  width: z.int().min(16).max(4096),
  height: z.int().min(16).max(4096),
  channels: z.int().min(1).max(16),
  /** PIL's bilinear resize: antialiased when it shrinks. */
  resize: z.literal('bilinear-antialias'),
  /**
   * `per-image`: minus the picture's mean, divided by its standard deviation; `imagenet`: per channel with the mean and standard
   * deviation of ImageNet, as published weights want it.
   */
  normalization: z.enum(['per-image', 'imagenet']),
  /** For CT, in Hounsfield units, before the resize. */
  window: z.strictObject({ center: z.number(), width: z.number().positive() }).optional(),
});

const networkSchema = z
  .strictObject({
    architecture: architectureSpecSchema,
    weights: fileName,
    sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits in lower case'),
    input: inputSchema,
    /** What training took the findings for: `several` at once (sigmoid each; so if not given), or `one-of-many` (softmax over the findings). */
    objective: z.enum(['several', 'one-of-many']).optional(),
    outputs: z
      .array(z.discriminatedUnion('kind', [findingSchema, gateOutputSchema]))
      .min(1)
      .readonly(),
    /** Names of tensors in the weights file, and the limit. */
    gate: z.strictObject({ mean: z.string().min(1), precision: z.string().min(1), maxDistance: z.number().positive() }),
    study: z.strictObject({ slices: z.int().min(1).max(1024), combine: z.literal('mean-of-top'), top: z.int().min(1) }).optional(),
  })
  .superRefine(({ architecture, input, objective, outputs }, context) => {
    const refuse = (message: string, path: string[]): void => void context.addIssue({ code: 'custom', message, path });
    if (outputs.length !== architecture.outputs)
      refuse(`expected ${architecture.outputs} outputs as the architecture has, found ${outputs.length}`, ['outputs']);
    if (input.channels !== architecture.inputChannels)
      refuse(`expected ${architecture.inputChannels} channels as the architecture has, found ${input.channels}`, ['input', 'channels']);
    if (new Set(outputs.map(({ name }) => name)).size !== outputs.length) refuse('expected different names', ['outputs']);
    if (
      objective === 'one-of-many' &&
      new Set(outputs.filter(({ kind }) => kind === 'finding').map(({ temperature }) => temperature)).size > 1
    )
      refuse('expected one temperature for all findings of one-of-many', ['outputs']);
    if (outputs.filter(({ kind }) => kind === 'gate').length > 1) refuse('expected at most one output of kind gate', ['outputs']);
  });

export const modelFileSchema = z.strictObject({
  name: z.string().min(1).max(64),
  manufacturer: z.string().min(1).max(64),
  created: z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'expected a date as YYYY-MM-DD'),
  license: z.string().min(1),
  networks: z
    .strictObject({ xray: networkSchema.optional(), ct: networkSchema.optional() })
    .refine(({ xray, ct }) => xray ?? ct, { message: 'expected at least one network, xray or ct' }),
  /** SHA-256 of CARD.md, so that a changed card is noticed; absent in models of earlier releases. */
  card: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits in lower case')
    .optional(),
  /** What the model was measured to do: shown, never computed with. */
  figures: z.record(z.string(), z.unknown()).default({}),
});

export type ModelFile = z.infer<typeof modelFileSchema>;
export type NetworkFile = NonNullable<ModelFile['networks']['xray']>;
export type InputSpecification = NetworkFile['input'];
