import { and, asc, eq, ne, sql } from './drizzle.js';
import type { Database } from './database.js';
import { delivery } from './schema.js';

/** A result on its way to one of Orthanc's modalities or peers. */
export type DeliveryRow = Readonly<typeof delivery.$inferSelect>;

export interface DeliveryDestination {
  /** As Orthanc's configuration names it. */
  readonly destination: string;
  /** The rule's word for how it is reached: modality, peer. */
  readonly kind: string;
}

export interface Deliveries {
  /** Notes where a result has to go. Repeating it changes nothing, also not what was delivered. */
  plan(resultId: string, destinations: readonly DeliveryDestination[]): Promise<void>;
  delivered(resultId: string, destination: string, at?: Date): Promise<void>;
  /** One more attempt failed; one that was delivered stays so. */
  failed(resultId: string, destination: string, errorCode: string): Promise<void>;
  ofResult(resultId: string): Promise<readonly DeliveryRow[]>;
  /** Not delivered yet. */
  outstanding(options?: { readonly limit?: number }): Promise<readonly DeliveryRow[]>;
}

export function deliveriesIn(database: Database): Deliveries {
  const one = (resultId: string, destination: string) => and(eq(delivery.resultId, resultId), eq(delivery.destination, destination));
  return {
    async plan(resultId, destinations) {
      if (destinations.length === 0) return;
      const rows = destinations.map(({ destination, kind }) => ({ resultId, destination, kind, state: 'waiting' as const }));
      await database.run((tables) => tables.insert(delivery).values(rows).onConflictDoNothing());
    },

    async delivered(resultId, destination, at = new Date()) {
      await database.run((tables) =>
        tables
          .update(delivery)
          .set({ state: 'delivered', deliveredAt: at, attempts: sql`${delivery.attempts} + 1`, lastErrorCode: null })
          .where(and(one(resultId, destination), ne(delivery.state, 'delivered'))),
      );
    },

    async failed(resultId, destination, errorCode) {
      await database.run((tables) =>
        tables
          .update(delivery)
          .set({ state: 'failing', attempts: sql`${delivery.attempts} + 1`, lastErrorCode: errorCode })
          .where(and(one(resultId, destination), ne(delivery.state, 'delivered'))),
      );
    },

    ofResult(resultId) {
      return database.run((tables) =>
        tables.select().from(delivery).where(eq(delivery.resultId, resultId)).orderBy(asc(delivery.destination)),
      );
    },

    outstanding({ limit = 100 } = {}) {
      return database.run((tables) =>
        tables
          .select()
          .from(delivery)
          .where(ne(delivery.state, 'delivered'))
          .orderBy(asc(delivery.resultId), asc(delivery.destination))
          .limit(limit),
      );
    },
  };
}
