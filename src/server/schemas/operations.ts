import { z } from 'zod';
import { driftReportSchema } from '../../evaluation/drift/drift-report.js';
import { outcomeCountsSchema } from './study.js';

/** What hospital IT and administrators see, as JSON. Times are ISO 8601. */

const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly();

const ruleSchema = z
  .object({
    name: z.string(),
    action: z.enum(['analyse', 'ignore']),
    priority: z.number(),
    when: list(z.string()).describe('one text for each set of conditions, e.g. "modality CR or DX, bodyPart CHEST"'),
    destinations: list(z.string()),
  })
  .readonly();
export type ShownRule = z.infer<typeof ruleSchema>;

export const ruleTestSchema = z
  .object({
    subject: z.string().describe('Study Instance UID, or the name of the file'),
    action: z.enum(['analyse', 'ignore', 'none']),
    rule: z.string().exactOptional(),
    passedOver: list(z.object({ rule: z.string(), text: z.string() }).readonly()).describe('the rules before, and why they did not match'),
  })
  .readonly();
export type RuleTest = z.infer<typeof ruleTestSchema>;

const queueSchema = z
  .object({
    queue: z.string(),
    waiting: z.int(),
    active: z.int(),
    retrying: z.int(),
    failed: z.int(),
    parked: z.int().meta({ deprecated: true, description: 'failed, by its name of release 0.2' }),
    oldestAgeMs: z.number().exactOptional(),
  })
  .readonly();
export type QueueState = z.infer<typeof queueSchema>;

export const failedJobSchema = z
  .object({
    id: z.string(),
    queue: z.string(),
    code: z.string(),
    detail: z.string(),
    failedAt: z.iso.datetime(),
    studyInstanceUID: z.string().exactOptional(),
    receiver: z.string().exactOptional().describe('destination or channel of a delivery'),
  })
  .readonly();
export type ShownFailedJob = z.infer<typeof failedJobSchema>;

export const operationsSchema = z
  .object({
    softwareVersion: z.string(),
    orthanc: z.object({ state: z.string(), url: z.string(), version: z.string().exactOptional() }).readonly(),
    database: z.object({ state: z.string(), kind: z.string() }).readonly(),
    engine: z.object({ name: z.string(), why: z.string() }).readonly(),
    model: z.object({ name: z.string(), version: z.string() }).readonly(),
    queues: list(queueSchema),
    failedJobs: list(failedJobSchema),
    parked: list(failedJobSchema).meta({ deprecated: true, description: 'failedJobs, by its name of release 0.2' }),
    rules: list(ruleSchema),
    latency: z
      .object({
        results: z.int(),
        steps: list(z.object({ step: z.string(), medianMs: z.number(), p95Ms: z.number() }).readonly()),
      })
      .readonly()
      .describe('of the last results: milliseconds by step, median and 95th percentile'),
    counts: outcomeCountsSchema,
  })
  .readonly();
export type Operations = z.infer<typeof operationsSchema>;

export const healthSchema = z
  .object({
    ok: z.boolean(),
    orthanc: z.string(),
    database: z.string(),
    disk: z.string().describe('room, little room left, full'),
    clock: z.string().describe("right, or by how much it differs from Orthanc's"),
    model: z.string(),
    engine: z.string(),
    engineState: z.string().describe('running; stalled if an answer takes too long; failed if none can be started'),
    work: z.string().describe('in time, or which job runs for longer than it may'),
    drift: z.string().describe('none, or how many alarms are not acknowledged'),
    queue: z
      .object({
        waiting: z.int(),
        active: z.int(),
        failed: z.int(),
        parked: z.int().meta({ deprecated: true, description: 'failed, by its name of release 0.2' }),
      })
      .readonly(),
  })
  .readonly();

const driftAlarmSchema = z
  .object({
    id: z.string(),
    site: z.string(),
    network: z.enum(['xray', 'ct']),
    quantity: z.string(),
    detail: z.string(),
    raisedAt: z.iso.datetime(),
    acknowledged: z.object({ by: z.string(), at: z.iso.datetime() }).readonly().exactOptional(),
  })
  .readonly();
export type ShownAlarm = z.infer<typeof driftAlarmSchema>;

export const driftSchema = z
  .object({ report: driftReportSchema.exactOptional().describe('the last check; absent before the first'), alarms: list(driftAlarmSchema) })
  .readonly();
export type ShownDrift = z.infer<typeof driftSchema>;

export const auditEntrySchema = z
  .object({
    seq: z.int(),
    at: z.iso.datetime(),
    actor: z.string(),
    action: z.string().describe('object and verb: study.view, model.promote'),
    outcome: z.enum(['intended', 'done', 'refused', 'failed']),
    remote: z.string(),
    subject: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), list(z.string())])).readonly(),
    previousHash: z.string().exactOptional(),
    hash: z.string().exactOptional(),
  })
  .readonly();
export type ShownAuditEntry = z.infer<typeof auditEntrySchema>;

export const auditStateSchema = z.union([
  z.object({ intact: z.literal(true), entries: z.int(), head: z.object({ seq: z.int(), hash: z.string() }).readonly() }).readonly(),
  z.object({ intact: z.literal(false), entries: z.int(), at: z.int(), why: z.string() }).readonly(),
]);
export type ShownAuditState = z.infer<typeof auditStateSchema>;
