import { z } from 'zod';

const guideShape = {
  name: z.string().describe('of the address /help/NAME'),
  kind: z.enum(['guide', 'reference']),
  title: z.string(),
};
export const guideSchema = z.object(guideShape).readonly();
export type Guide = z.infer<typeof guideSchema>;

export const shownGuideSchema = z.object({ ...guideShape, text: z.string().describe('Markdown') }).readonly();
export type ShownGuide = z.infer<typeof shownGuideSchema>;

export const guideMatchSchema = z
  .object({
    ...guideShape,
    heading: z.string().describe('of the section; empty for the beginning of the guide'),
    anchor: z.string(),
    excerpt: z.string(),
  })
  .readonly();
export type GuideMatch = z.infer<typeof guideMatchSchema>;
