import { z } from 'zod';

/** model.json: how a picture becomes the input of a network. `pixels/network-input.ts` carries it out. */

/** Filters of the resize; named after what they do, with the function whose result they equal. */
export const resizeFilters = [
  /** Triangle, its support growing with the reduction: Pillow `BILINEAR` and `torch.nn.functional.interpolate(antialias=True)`. */
  'bilinear-antialias',
  /** Cubic (a = −0.5), likewise: Pillow `BICUBIC`. */
  'bicubic-antialias',
  /** Lanczos of three lobes: Pillow `LANCZOS`. */
  'lanczos-antialias',
  /** Two neighbours each way, whatever the reduction: `interpolate(mode='bilinear')`, `cv2.INTER_LINEAR`, `tf.image.resize`. */
  'bilinear',
  /** Nearest neighbour as `interpolate(mode='nearest')` takes it: floor(x · from / to). */
  'nearest',
  /** Mean of the covered pixels, each by its covered share: `cv2.INTER_AREA`. */
  'area',
  /** Mean of whole pixels, of which two results may share one: `interpolate(mode='area')`, MONAI's default. */
  'adaptive-mean',
  /** Gaussian blur with σ = (reduction − 1) / 2, then bilinear; beyond the edge lies the network's 0: `skimage.transform.resize(mode='constant')`. */
  'gaussian-bilinear',
] as const;

const window = z.strictObject({ center: z.number(), width: z.number().positive() });
const perChannel = z.array(z.number()).min(1).max(16).readonly();
const range = z
  .tuple([z.number(), z.number()])
  .readonly()
  .refine(([low, high]) => low < high, 'expected the lower bound first');

/**
 * - `per-image`: minus the picture's mean, divided by its standard deviation
 * - `imagenet`: per channel with the mean and standard deviation of ImageNet, as published weights want it
 * - `range`: black and white become these numbers
 * - `imageRange`: the picture's own darkest and brightest value become these numbers
 * - `mean`, `std`: `(scale · grey − mean) / std`, one of each a channel or one for all; `scale` is 1 or 255
 */
const normalizationSchema = z.union([
  z.enum(['per-image', 'imagenet']),
  z.strictObject({ range }),
  z.strictObject({ imageRange: range }),
  z
    .strictObject({ mean: perChannel, std: perChannel, scale: z.union([z.literal(1), z.literal(255)]) })
    .refine(({ std }) => std.every((value) => value > 0), { message: 'expected positive standard deviations', path: ['std'] }),
]);

export const inputSchema = z
  .strictObject({
    width: z.int().min(16).max(4096),
    height: z.int().min(16).max(4096),
    /** The same grey in each, unless `windows` or `slices` make them different. */
    channels: z.int().min(1).max(16),
    /**
     * Absent: `squash` to width and height. `pad`: all of the picture, its shape preserved, with `padding` around it. `centre-crop`:
     * the largest part from the middle that has the network's shape; with `shorterSide` the picture is resized first and width by
     * height pixels are cut out (torchvision's Resize and CenterCrop).
     */
    fit: z.enum(['squash', 'pad', 'centre-crop']).optional(),
    shorterSide: z.int().min(16).max(8192).optional(),
    /** Grey level around a padded picture, 0 black (if absent) to 1 white. */
    padding: z.number().min(0).max(1).optional(),
    resize: z.enum(resizeFilters),
    /** Whole grey levels of 8 bits before and after each pass of the resize, as Pillow computes with 8-bit pictures. Absent: no rounding. */
    eightBit: z.boolean().optional(),
    /** Histogram equalisation after the resize: each grey value becomes its rank, so that exposure and display count for nothing. */
    equalise: z.boolean().optional(),
    normalization: normalizationSchema,
    /** For CT, in Hounsfield units, before the resize. */
    window: window.optional(),
    /** For CT: one channel for each window. */
    windows: z.array(window).min(2).max(16).readonly().optional(),
    /** For CT: neighbouring slices as channels, the middle one is reported (2.5-D); with `windows`, slice by slice. */
    slices: z
      .int()
      .min(3)
      .max(15)
      .refine((count) => count % 2 === 1, 'expected an odd number, so that there is a middle slice')
      .optional(),
  })
  .superRefine((input, context) => {
    const { channels, fit, shorterSide, padding, width, height, normalization, resize, eightBit, window: single, windows, slices } = input;
    const refuse = (message: string, path: string): void => void context.addIssue({ code: 'custom', message, path: [path] });
    if (shorterSide !== undefined && fit !== 'centre-crop') refuse('expected only with fit centre-crop', 'shorterSide');
    if (shorterSide !== undefined && shorterSide < Math.max(width, height))
      refuse('expected at least width and height, which are cut out of it', 'shorterSide');
    if (eightBit && !resize.endsWith('-antialias')) refuse('expected only with an antialiased filter, which Pillow has', 'eightBit');
    if (padding !== undefined && fit !== 'pad') refuse('expected only with fit pad', 'padding');
    if (single && windows) refuse('expected window or windows, not both', 'windows');
    const planes = (windows?.length ?? 1) * (slices ?? 1);
    if (planes > 1 && channels !== planes)
      refuse(`expected ${planes} channels, one for each window and slice, found ${channels}`, 'channels');
    if (typeof normalization === 'object' && 'mean' in normalization)
      for (const key of ['mean', 'std'] as const)
        if (![1, channels].includes(normalization[key].length))
          refuse(`expected one number or ${channels} in ${key}, found ${normalization[key].length}`, 'normalization');
  });

export type InputSpecification = z.infer<typeof inputSchema>;
