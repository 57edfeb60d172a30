import { z } from 'zod';

/** Reports of radiologists, as JSON. Times are ISO 8601. */

export const discordanceKinds = ['report-silent', 'report-absent', 'ai-absent'] as const;
export type DiscordanceKindName = (typeof discordanceKinds)[number];

export const discordanceSchema = z
  .object({
    studyInstanceUID: z.string(),
    finding: z.string().describe('name in config/findings.json'),
    meaning: z.string(),
    kind: z
      .enum(discordanceKinds)
      .describe(
        'report-silent: present in the result, not mentioned in the report; report-absent: the report denies it; ai-absent: the reverse',
      ),
    probability: z.number().describe('of the result, calibrated'),
    gap: z.number().describe('distance of the probability from what the report states, 0 to 1'),
    foundAt: z.iso.datetime(),
    reviewed: z.object({ by: z.string(), at: z.iso.datetime() }).readonly().exactOptional().describe('who has looked at it'),
  })
  .readonly();
export type ShownDiscordance = z.infer<typeof discordanceSchema>;

export const discordancePageSchema = z
  .object({
    rows: z.array(discordanceSchema).readonly().describe('greatest gap first'),
    next: z.string().exactOptional().describe('for the parameter after'),
    open: z.record(z.enum(discordanceKinds), z.int()).describe('at which nobody has looked'),
    findings: z
      .array(z.object({ name: z.string(), meaning: z.string() }).readonly())
      .readonly()
      .describe('that are read from reports'),
  })
  .readonly();
export type DiscordancePage = z.infer<typeof discordancePageSchema>;

export const reportCountsSchema = z
  .object({
    waiting: z.int().describe('for the result of their study'),
    matched: z.int(),
    unmatched: z.int(),
    withdrawn: z.int(),
    reasons: z.record(z.string(), z.int()).describe('why reports wait or are unmatched'),
  })
  .readonly();
export type ShownReportCounts = z.infer<typeof reportCountsSchema>;

export const receiptSchema = z
  .object({
    outcome: z.enum(['stored', 'unchanged', 'outdated', 'ignored']).describe('ignored: not final, or no plain text'),
    state: z.enum(['waiting', 'matched', 'unmatched', 'withdrawn']).exactOptional(),
    reason: z.string().exactOptional(),
    studyInstanceUID: z.string().exactOptional(),
  })
  .readonly();
export type ShownReceipt = z.infer<typeof receiptSchema>;
