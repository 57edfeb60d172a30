import { z } from 'zod';
import type { Architecture } from './architecture.js';
import { convnext } from './convnext.js';
import { densenet } from './densenet.js';
import { efficientnet } from './efficientnet.js';
import { mobilenetV2 } from './mobilenet-v2.js';
import { resnet } from './resnet.js';

const count = z.int().min(1).max(4096);
const common = { inputChannels: z.int().min(1).max(16), outputs: count, head: z.enum(['torchvision', 'fastai']).default('torchvision') };

const resnetSchema = z
  .strictObject({
    family: z.literal('resnet'),
    block: z.enum(['basic', 'bottleneck']),
    layers: z.array(z.int().min(1).max(64)).min(1).max(8).readonly(),
    widths: z.array(count).readonly(),
    strides: z.array(z.int().min(1).max(2)).readonly(),
    ...common,
  })
  .refine((spec) => spec.widths.length === spec.layers.length && spec.strides.length === spec.layers.length, {
    message: 'layers, widths and strides must have one entry for each stage',
  });

const densenetSchema = z.strictObject({
  family: z.literal('densenet'),
  layers: z.array(z.int().min(1).max(64)).min(1).max(8).readonly(),
  ...common,
});
const mobilenetSchema = z.strictObject({ family: z.literal('mobilenet-v2'), ...common });

const efficientnetSchema = z.strictObject({
  family: z.literal('efficientnet'),
  kind: z.enum(['b', 'lite']),
  width: z.number().min(0.1).max(4),
  depth: z.number().min(0.1).max(4),
  padding: z.enum(['symmetric', 'same']),
  epsilon: z.number().positive().max(0.1),
  dropout: z.number().min(0).max(0.9),
  ...common,
});

const convnextSchema = z
  .strictObject({
    family: z.literal('convnext'),
    layers: z.array(z.int().min(1).max(64)).min(1).max(8).readonly(),
    widths: z.array(count).readonly(),
    ...common,
  })
  .refine((spec) => spec.widths.length === spec.layers.length, { message: 'layers and widths must have one entry for each stage' });

/** What stands in model.json under `architecture`: a few numbers from which the whole layer list follows. */
export const architectureSpecSchema = z.discriminatedUnion('family', [
  resnetSchema,
  densenetSchema,
  mobilenetSchema,
  efficientnetSchema,
  convnextSchema,
]);

export type ArchitectureSpec = z.infer<typeof architectureSpecSchema>;

/** The layers that a specification stands for. */
export function architectureOf(spec: ArchitectureSpec): Architecture {
  switch (spec.family) {
    case 'resnet':
      return resnet(spec);
    case 'densenet':
      return densenet(spec);
    case 'mobilenet-v2':
      return mobilenetV2(spec);
    case 'efficientnet':
      return efficientnet(spec);
    case 'convnext':
      return convnext(spec);
  }
}
