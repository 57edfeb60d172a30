import { and, asc, count, desc, eq, inArray, max, sql } from './drizzle.js';
import type { Database } from './database.js';
import { message, type MessageState } from './message-schema.js';

/** What a channel was, or is to be, sent about a result. */
export type MessageRow = Readonly<typeof message.$inferSelect>;

export interface NewMessage {
  readonly messageId: string;
  readonly channel: string;
  readonly studyInstanceUID: string;
  readonly resultId: string;
  readonly isCorrection: boolean;
  /** Names of the findings that the rules select. */
  readonly findings: readonly string[];
}

/** Why a message is never sent. */
export type ClosedBecause = 'superseded' | 'study-deleted';

export interface ChannelCounts {
  readonly waiting: number;
  /** Not accepted at the last attempt, and tried again. */
  readonly failing: number;
  /** Needs attention. */
  readonly refused: number;
  readonly accepted: number;
  readonly lastAcceptedAt?: Date;
}

export interface Messages {
  /** Notes a message that waits; one with this id stays as it is. */
  plan(given: NewMessage, at?: Date): Promise<void>;
  /** A closed message waits again, for a job too. */
  reopen(messageId: string): Promise<void>;
  /** Its job is safe. */
  queued(messageId: string): Promise<void>;
  find(messageId: string): Promise<MessageRow | undefined>;
  /** In the order of planning. */
  ofStudy(studyInstanceUID: string): Promise<readonly MessageRow[]>;
  /** Newest first. */
  ofChannel(channel: string, limit: number): Promise<readonly MessageRow[]>;
  /** From now on it may have reached the receiver. */
  attempted(messageId: string): Promise<void>;
  accepted(messageId: string, receiverReference?: string, at?: Date): Promise<void>;
  /** A message that was closed meanwhile stays closed. @param isFinal the receiver refused it; otherwise it is tried again */
  failed(messageId: string, fault: { readonly code: string; readonly reason: string; readonly isFinal: boolean }): Promise<void>;
  /** Never to be sent; one that was accepted stays so. */
  close(messageId: string, because: ClosedBecause): Promise<void>;
  /** By channel; a channel without messages is absent. */
  countByChannel(): Promise<ReadonlyMap<string, ChannelCounts>>;
}

/** Still to be sent, or needing attention. */
const open: readonly MessageState[] = ['waiting', 'failing', 'refused'];

export function messagesIn(database: Database): Messages {
  /** Changes a message in one of these states; in another it stays as it is. */
  const change = async (
    messageId: string,
    from: readonly MessageState[],
    values: Partial<typeof message.$inferInsert>,
    at = new Date(),
  ): Promise<void> => {
    await database.run((tables) =>
      tables
        .update(message)
        .set({ ...values, changedAt: at })
        .where(and(eq(message.messageId, messageId), inArray(message.state, [...from]))),
    );
  };
  return {
    async plan(given, at = new Date()) {
      const row = { ...given, plannedAt: at, changedAt: at, state: 'waiting' as const };
      await database.run((tables) => tables.insert(message).values(row).onConflictDoNothing());
    },

    reopen: (messageId) => change(messageId, ['closed'], { state: 'waiting', isQueued: false, code: null, reason: null }),

    async queued(messageId) {
      await database.run((tables) => tables.update(message).set({ isQueued: true }).where(eq(message.messageId, messageId)));
    },

    async find(messageId) {
      const [row] = await database.run((tables) => tables.select().from(message).where(eq(message.messageId, messageId)));
      return row;
    },

    ofStudy: (studyInstanceUID) =>
      database.run((tables) =>
        tables.select().from(message).where(eq(message.studyInstanceUID, studyInstanceUID)).orderBy(asc(message.number)),
      ),

    ofChannel: (channel, limit) =>
      database.run((tables) =>
        tables.select().from(message).where(eq(message.channel, channel)).orderBy(desc(message.number)).limit(limit),
      ),

    async attempted(messageId) {
      await database.run((tables) =>
        tables
          .update(message)
          .set({ attempts: sql`${message.attempts} + 1`, changedAt: new Date() })
          .where(eq(message.messageId, messageId)),
      );
    },

    accepted: (messageId, receiverReference, at) =>
      change(
        messageId,
        [...open, 'closed'],
        { state: 'accepted', code: null, reason: null, receiverReference: receiverReference ?? null },
        at,
      ),

    failed: (messageId, { code, reason, isFinal }) => change(messageId, open, { state: isFinal ? 'refused' : 'failing', code, reason }),

    close: (messageId, because) => change(messageId, open, { state: 'closed', code: because, reason: null }),

    async countByChannel() {
      const rows = await database.run((tables) =>
        tables
          .select({ channel: message.channel, state: message.state, n: count(), last: max(message.changedAt) })
          .from(message)
          .where(inArray(message.state, [...open, 'accepted']))
          .groupBy(message.channel, message.state),
      );
      const channels = new Map<string, ChannelCounts>();
      for (const { channel, state, n, last } of rows)
        channels.set(channel, {
          ...(channels.get(channel) ?? { waiting: 0, failing: 0, refused: 0, accepted: 0 }),
          [state]: n,
          ...(state === 'accepted' && last ? { lastAcceptedAt: last } : {}),
        });
      return channels;
    },
  };
}
