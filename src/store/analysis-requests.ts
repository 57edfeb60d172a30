import { and, eq } from './drizzle.js';
import type { Database } from './database.js';
import { analysisRequest } from './request-schema.js';

/** A study whose analysis a person has requested. */
export type AnalysisRequestRow = Readonly<typeof analysisRequest.$inferSelect>;

export interface AnalysisRequests {
  /** Durable when it resolves. A request that was answered is open again. */
  open(studyInstanceUID: string, at: Date): Promise<void>;
  /** Notes a request that was answered: a document in the PACS states it. One that is there stays as it is. */
  restore(studyInstanceUID: string, at: Date): Promise<void>;
  find(studyInstanceUID: string): Promise<AnalysisRequestRow | undefined>;
  /** The request of this moment is answered; one that was made since stays open. */
  close(request: Pick<AnalysisRequestRow, 'studyInstanceUID' | 'requestedAt'>): Promise<void>;
}

export function analysisRequestsIn(database: Database): AnalysisRequests {
  return {
    async open(studyInstanceUID, requestedAt) {
      await database.run((tables) =>
        tables
          .insert(analysisRequest)
          .values({ studyInstanceUID, requestedAt, isOpen: true })
          .onConflictDoUpdate({ target: analysisRequest.studyInstanceUID, set: { requestedAt, isOpen: true } }),
      );
    },

    async restore(studyInstanceUID, requestedAt) {
      await database.run((tables) =>
        tables.insert(analysisRequest).values({ studyInstanceUID, requestedAt, isOpen: false }).onConflictDoNothing(),
      );
    },

    async find(studyInstanceUID) {
      const [row] = await database.run((tables) =>
        tables.select().from(analysisRequest).where(eq(analysisRequest.studyInstanceUID, studyInstanceUID)),
      );
      return row;
    },

    async close({ studyInstanceUID, requestedAt }) {
      await database.run((tables) =>
        tables
          .update(analysisRequest)
          .set({ isOpen: false })
          .where(and(eq(analysisRequest.studyInstanceUID, studyInstanceUID), eq(analysisRequest.requestedAt, requestedAt))),
      );
    },
  };
}
