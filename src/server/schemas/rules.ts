import { z } from 'zod';
import { ruleTestSchema } from './operations.js';

/** Routing rules in a form, as JSON. */

const list = <Item extends z.ZodType>(item: Item, max = 10_000) => z.array(item).max(max).readonly();

const shortText = z.string().max(500);

/** A draft may be wrong: its rules are checked by the schema of the file. */
export const editedRuleSchema = z
  .strictObject({
    was: shortText.exactOptional().describe('its name in the file; absent for a new rule'),
    name: shortText,
    enabled: z.boolean(),
    action: shortText.describe('analyse or ignore'),
    priority: z.number(),
    when: list(z.record(z.string().max(50), list(shortText, 100)).readonly(), 50).describe(
      'patterns by attribute, in sets of which any may be met',
    ),
    destinations: list(z.record(z.string().max(50), shortText).readonly(), 50),
    findingsOff: list(shortText, 100),
  })
  .readonly();

export const draftSchema = z.strictObject({ rules: list(editedRuleSchema, 200) });

export const rulesStateSchema = z
  .object({
    file: z.string(),
    version: z.string().describe('SHA-256 of the file; a change names the version that it is based on'),
    rules: list(editedRuleSchema),
    findings: list(z.string()).describe('names that findingsOff may have'),
    readOnly: z.string().exactOptional().describe('why the file cannot be changed here'),
  })
  .readonly();
export type RulesState = z.infer<typeof rulesStateSchema>;

export const ruleProblemSchema = z.object({ rule: z.int().exactOptional(), part: z.string().exactOptional(), text: z.string() }).readonly();
export type ShownRuleProblem = z.infer<typeof ruleProblemSchema>;

export const draftTestSchema = z
  .object({
    before: ruleTestSchema.describe('by the rules that apply'),
    after: ruleTestSchema.describe('by the draft'),
  })
  .readonly();
export type DraftTest = z.infer<typeof draftTestSchema>;

export const ruleVersionSchema = z
  .object({
    number: z.int(),
    at: z.iso.datetime(),
    by: z.string().describe('an account, or "file" for a change in the file'),
    version: z.string(),
    isCurrent: z.boolean(),
    difference: list(z.object({ change: z.enum(['same', 'added', 'removed']), text: z.string() }).readonly()).describe(
      'from the version before, by lines',
    ),
  })
  .readonly();
export type ShownRuleVersion = z.infer<typeof ruleVersionSchema>;
