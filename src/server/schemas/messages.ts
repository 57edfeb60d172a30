import { z } from 'zod';

/** Outbound messages, as JSON. Times are ISO 8601. */

const count = z.int().min(0);

export const channelSchema = z
  .object({
    name: z.string(),
    kind: z.enum(['hl7', 'fhir', 'webhook', 'email', 'dicom']),
    patient: z.array(z.string()).readonly().describe('attributes of the patient that its messages contain'),
    rules: count.describe('how many rules name it'),
    waiting: count,
    failing: count.describe('not accepted at the last attempt, and tried again'),
    refused: count.describe('refused by the receiver: needs attention'),
    accepted: count,
    lastAcceptedAt: z.iso.datetime().exactOptional(),
  })
  .readonly();
export type ShownChannel = z.infer<typeof channelSchema>;

export const messageSchema = z
  .object({
    messageId: z.string(),
    channel: z.string(),
    studyInstanceUID: z.string(),
    plannedAt: z.iso.datetime(),
    changedAt: z.iso.datetime(),
    state: z.enum(['waiting', 'failing', 'accepted', 'refused', 'closed']).describe('closed: never to be sent, for the reason in code'),
    isCorrection: z.boolean(),
    findings: z.array(z.string()).readonly().describe('the findings because of which it is sent'),
    attempts: count,
    code: z.string().exactOptional().describe('of the last fault; superseded or study-deleted if it is closed'),
    reason: z.string().exactOptional(),
    reference: z.string().exactOptional().describe('what the receiver called it'),
    failedJob: z.string().exactOptional().describe('id of the failed job, which can be retried'),
  })
  .readonly();
export type ShownMessage = z.infer<typeof messageSchema>;

export const testedSchema = z
  .object({ messageId: z.string(), reference: z.string().exactOptional().describe('what the receiver called it') })
  .readonly();
export type TestedChannel = z.infer<typeof testedSchema>;
