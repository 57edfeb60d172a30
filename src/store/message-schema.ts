import { bigint, boolean, integer, jsonb, text } from './drizzle.js';
import { chestAi, timeColumn } from './schema-columns.js';

/* Outbound messages, as drizzle sees them; migrations/0031 makes the table. */

/** `closed`: never to be sent; `reason` names why. */
export type MessageState = 'waiting' | 'failing' | 'accepted' | 'refused' | 'closed';

/** What a channel is sent about a result. It contains no attribute of the patient: these are read when the message is written. */
export const message = chestAi.table('message', {
  /** In the order of planning. */
  number: bigint('number', { mode: 'number' }).generatedAlwaysAsIdentity(),
  messageId: text('message_id').primaryKey(),
  channel: text('channel').notNull(),
  studyInstanceUID: text('study_instance_uid').notNull(),
  /** Stays when the study was deleted and the result is gone. */
  resultId: text('result_id').notNull(),
  plannedAt: timeColumn('planned_at').notNull(),
  /** The channel was, or may have been, sent an earlier result of the study. */
  isCorrection: boolean('is_correction').notNull(),
  /** Its job was sent: planning that is repeated does not send another. */
  isQueued: boolean('is_queued').notNull().default(false),
  /** Names of the findings that the rules select. */
  findings: jsonb('findings').$type<readonly string[]>().notNull(),
  state: text('state').$type<MessageState>().notNull(),
  changedAt: timeColumn('changed_at').notNull(),
  /** How often it was, or may have been, sent. */
  attempts: integer('attempts').notNull().default(0),
  /** Code and detail of the last fault, or why it is closed. */
  code: text('code'),
  reason: text('reason'),
  /** What the receiver called it. */
  receiverReference: text('receiver_reference'),
});
