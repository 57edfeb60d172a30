import { z } from 'zod';

/** Analyses of the archive, as JSON. Times are ISO 8601. */

export const backfillSchema = z
  .object({
    id: z.int(),
    since: z.iso.date().describe('first Study Date'),
    until: z.iso.date().describe('last Study Date'),
    rule: z.string().exactOptional().describe('only studies that this routing rule takes'),
    model: z.string().exactOptional().describe('model version that analyses; absent: the deployed one, or in shadow the challengers'),
    perHour: z.int().describe('studies queued in an hour at most'),
    hours: z.string().exactOptional().describe('hours of the day in which studies are queued, e.g. 20-06'),
    shadow: z.boolean().describe('only predictions; nothing is written to the PACS'),
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
  model: text('expected a model version, champion or challenger')
    .optional()
    .describe(
      'studies whose result is by another version are analysed again with this one, which must be deployed; in shadow any registered version',
    ),
  perHour: z.int().optional().describe('studies queued in an hour at most, 1 to 100000; default 60'),
  hours: text('expected hours such as 20-06').optional().describe('hours of the day in which studies are queued, e.g. 20-06; default all'),
  shadow: z.boolean().optional().describe('only predictions, without a model those of the challengers; nothing is written to the PACS'),
});
export type BackfillBody = z.infer<typeof backfillBody>;

/** A statement on the report of a silent trial. */
export const signOffBody = z.strictObject({
  name: text('expected the name of the person who signs').describe('name of the person who signs'),
  role: text('expected the function of the person who signs').describe("the person's function, e.g. Medical director"),
  isAccepted: z.boolean(),
  comment: z
    .string()
    .max(1_000, { error: 'expected a comment of at most 1000 characters' })
    .optional()
    .describe('no attribute of a patient'),
  sha256: z.string().max(64, { error: 'expected a SHA-256' }).describe('of the figures that the person has read'),
  version: z.string().max(64).optional().describe('model version; default: the one with the most studies'),
});
export type SignOffBody = z.infer<typeof signOffBody>;
