import { boolean, text } from './drizzle.js';
import { chestAi, timeColumn } from './schema-columns.js';

/* Requested analyses and one-time tokens, as drizzle sees them; migrations/0034 makes the tables. */

/** A study whose analysis a person has requested: from then on it is analysed whatever the routing rules select. */
export const analysisRequest = chestAi.table('analysis_request', {
  studyInstanceUID: text('study_instance_uid').primaryKey(),
  /** The last time. */
  requestedAt: timeColumn('requested_at').notNull(),
  /** No analysis that began after the request has ended yet. */
  isOpen: boolean('is_open').notNull(),
});

/** A secret that permits one action of one account on one subject, once. */
export const oneTimeToken = chestAi.table('one_time_token', {
  tokenHash: text('token_hash').primaryKey(),
  account: text('account').notNull(),
  /** What the token is for, e.g. a Study Instance UID. */
  subject: text('subject').notNull(),
  expiresAt: timeColumn('expires_at').notNull(),
});
