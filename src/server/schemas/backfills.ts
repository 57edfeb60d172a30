import { z } from 'zod';

/** Analyses of the archive, as JSON. Times are ISO 8601. */

export const backfillSchema = z
  .object({
    id: z.int(),
    since: z.iso.date().describe('first Study Date'),
    until: z.iso.date().describe('last Study Date'),
    rule: z.string().exactOptional().describe('only studies that this routing rule takes'),
    perHour: z.int().describe('studies queued in an hour at most'),
    hours: z.string().exactOptional().describe('hours of the day in which studies are queued, e.g. 20-06'),
    shadow: z.boolean().describe('only predictions of the challengers; nothing is written to the PACS'),
    state: z.enum(['running', 'paused', 'done', 'cancelled']),
    isSearched: z.boolean().describe('all days were searched: `found` is final'),
    isWithinHours: z.boolean(),
    found: z.int(),
    finished: z.int().describe('studies that have their outcome: done, unchanged, skipped, failed or vanished'),
    queued: z.int(),
    done: z.int().describe('analysed'),
    unchanged: z.int().describe('had a current result already'),
    skipped: z.int().describe('another rule or none takes it, or examined and not analysed'),
    failed: z.int(),
    vanished: z.int().describe('no longer in the PACS'),
    ratePerHour: z.number().exactOptional().describe('finished in each hour in which it was active'),
    timeLeftMs: z.number().exactOptional().describe('estimate; absent while the days are searched or it is not running'),
    createdBy: z.string(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .readonly();
export type ShownBackfill = z.infer<typeof backfillSchema>;

const text = (expected: string) => z.string({ error: expected }).max(100, { error: expected });

/** Checked further by the archive story, which names what was expected. */
export const backfillBody = z.strictObject({
  since: text('expected a day, YYYY-MM-DD').describe('first Study Date, YYYY-MM-DD'),
  until: text('expected a day, YYYY-MM-DD').describe('last Study Date, YYYY-MM-DD'),
  rule: text('expected the name of a rule').optional().describe('only studies that this routing rule takes'),
  perHour: z.int().optional().describe('studies queued in an hour at most, 1 to 100000; default 60'),
  hours: text('expected hours such as 20-06').optional().describe('hours of the day in which studies are queued, e.g. 20-06; default all'),
  shadow: z.boolean().optional().describe('only predictions of the challengers; nothing is written to the PACS'),
});
export type BackfillBody = z.infer<typeof backfillBody>;
