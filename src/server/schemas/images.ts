import { z } from 'zod';

/** Images of a study and the values of a frame, for a viewer in the browser. No attribute of the patient. */

const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly();

const frameSchema = z
  .object({
    sopInstanceUID: z.string(),
    frame: z.int().min(1).describe('1-based, of multi-frame images'),
    positionMm: z.number().exactOptional().describe('along the axis of the stack, rising towards the head'),
  })
  .readonly();
export type ShownFrame = z.infer<typeof frameSchema>;

const stackSchema = z
  .object({
    seriesInstanceUID: z.string(),
    seriesNumber: z.number().exactOptional(),
    modality: z.string(),
    view: z.string().describe('View Position, e.g. PA'),
    laterality: z.string().describe('Image Laterality or Laterality: R, L, B, or empty'),
    description: z.string().describe('Series Description'),
    frames: list(frameSchema).describe('in reading order: slices from head to foot, others by Instance Number'),
  })
  .readonly();
export type ImageStack = z.infer<typeof stackSchema>;

export const studyImagesSchema = z
  .object({
    stacks: list(stackSchema).describe('the slices of a series are one stack; each radiograph is a stack of its own'),
    isComplete: z.boolean().describe('false if the study has more than 5,000 frames: only so many are listed'),
  })
  .readonly();
export type ImagesOfStudy = z.infer<typeof studyImagesSchema>;

const windowSchema = z.object({ center: z.number(), width: z.number() }).readonly();

/** The attributes in front of the values of a frame; see routes/images.ts. */
export const frameAttributesSchema = z
  .object({
    columns: z.int().min(1),
    rows: z.int().min(1),
    type: z.enum(['uint8', 'int16', 'uint16']).describe('of a value, little endian'),
    slope: z.number(),
    intercept: z.number().describe('value × slope + intercept is what the windows are about'),
    unit: z.enum(['HU', '']),
    isInverse: z.boolean().describe('the largest value is shown black (MONOCHROME1)'),
    windows: list(windowSchema).describe('LINEAR, PS3.3 §C.11.2.1.2; the first is how the service shows the image, then those of the file'),
    spacing: z.tuple([z.number(), z.number()]).readonly().exactOptional().describe('row and column spacing in mm'),
    pixelAspect: z.number().describe('height of a pixel over its width'),
    reduction: z.int().min(1).describe('stored pixels in one pixel along each axis; above 1 for frames of more than 10 million pixels'),
    shown: z
      .object({ left: z.number(), top: z.number(), right: z.number(), bottom: z.number() })
      .readonly()
      .describe('part that the network sees and over which heat maps are drawn, in pixels'),
  })
  .readonly();
export type FrameAttributes = z.infer<typeof frameAttributesSchema>;
