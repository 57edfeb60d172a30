import { z } from 'zod';
import { findingShape, outcomeSchema } from './study.js';

/** Findings for files that a user sends; nothing of it is stored. */

const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly();

const analyzedFindingSchema = z
  .object({
    ...findingShape,
    wording: z.string(),
    absentBelow: z.number(),
    presentFrom: z.number(),
    isNotCalibratedHere: z.literal(true).exactOptional().describe("probability and thresholds are the publisher's"),
    heatMap: z.string().exactOptional().describe('PNG as data URL over the whole picture, transparent where the network did not look'),
    box: z
      .object({ left: z.number(), top: z.number(), right: z.number(), bottom: z.number() })
      .readonly()
      .exactOptional()
      .describe('in fractions of the picture'),
    picture: z.string().exactOptional().describe('the picture that the heat map belongs to, if it is not the first one'),
  })
  .readonly();
export type AnalyzedFinding = z.infer<typeof analyzedFindingSchema>;

/** Of one study or picture of an upload. */
const analyzedImageSchema = z
  .object({
    title: z.string().describe('names of the files'),
    kind: z.enum(['xray', 'ct', 'file']),
    outcome: outcomeSchema,
    code: z.string().exactOptional(),
    reason: z.string().exactOptional(),
    findings: list(analyzedFindingSchema),
    picture: z
      .object({ url: z.string().describe('JPEG as data URL'), aspect: z.number().describe('height divided by width, as displayed') })
      .readonly()
      .exactOptional(),
    remarks: list(z.string()),
  })
  .readonly();
export type AnalyzedImage = z.infer<typeof analyzedImageSchema>;

export const analyzeQuerySchema = z.object({
  model: z
    .string()
    .regex(/^[0-9a-f]{12}$/, 'expected a version that GET /api/models lists')
    .optional()
    .describe('version that predicts; without it the champion'),
  pictures: z.enum(['all', 'none']).optional().describe('none: neither image nor heat maps are returned (default: all)'),
});

export const analysisSchema = z
  .object({
    notice: z.string(),
    model: z.object({ name: z.string(), version: z.string() }).readonly(),
    engine: z.string(),
    images: list(analyzedImageSchema),
    milliseconds: z.number(),
  })
  .readonly();
export type UploadAnalysisResult = z.infer<typeof analysisSchema>;
