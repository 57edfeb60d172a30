import { and, desc, eq, gt, inArray, like, lt, lte, or, sql } from './drizzle.js';
import { loginFailure } from './access-schema.js';
import type { Database } from './database.js';

/** A key under which attempts are counted, and their maximum number within the window. */
export interface CountedKey {
  readonly keyHash: string;
  readonly max: number;
}

/** An attempt to log in, before the password is looked at. */
export interface AttemptToAdmit {
  /** An attempt is refused, and not counted, if one of these limits is reached. */
  readonly refusing: readonly CountedKey[];
  /** The attempt is counted here too, up to the limit; this key refuses nothing. */
  readonly counting?: CountedKey | undefined;
  /** Whether the attempt is counted under `refusing` although `counting` has reached its limit. */
  readonly countedBeyond: boolean;
  readonly at: Date;
  /** Beginning of the window. */
  readonly since: Date;
}

export interface Admission {
  /** Key that has reached its limit: the attempt is refused. */
  readonly refusedBy?: string;
  /** Whether `counting` had reached its limit. */
  readonly beyond: boolean;
}

/** Logins that failed lately, by what they have in common: an address, an account, both. */
export interface LoginFailures {
  /** Looks at the limits and counts the attempt only if it is admitted; of attempts at once, also of several processes, one after the other. */
  admit(attempt: AttemptToAdmit): Promise<Admission>;
  /** After a success. @param at only those of this moment */
  forget(keyHashes: readonly string[], at?: Date): Promise<void>;
  /** Every count whose key begins so. */
  forgetPrefix(prefixes: readonly string[]): Promise<void>;
  /** Removes what is older, and all but the newest `maxRows`. */
  sweep(before: Date, maxRows?: number): Promise<void>;
}

/** Any number that no other lock on the same database uses. */
const admissionLock = 0x0c4e57a4;

export function loginFailuresIn(database: Database): LoginFailures {
  return {
    admit: ({ refusing, counting, countedBeyond, at, since }) =>
      database.transaction(async (tables) => {
        await tables.select({ lock: sql`pg_advisory_xact_lock(${admissionLock})` }).from(sql`(values (1)) as one`);
        const all = [...refusing, ...(counting ? [counting] : [])];
        const rows = await tables
          .select({ keyHash: loginFailure.keyHash, n: sql<number>`count(*)::int` })
          .from(loginFailure)
          .where(
            and(
              inArray(
                loginFailure.keyHash,
                all.map(({ keyHash }) => keyHash),
              ),
              gt(loginFailure.at, since),
            ),
          )
          .groupBy(loginFailure.keyHash);
        const reached = ({ keyHash, max }: CountedKey): boolean => (rows.find((row) => row.keyHash === keyHash)?.n ?? 0) >= max;
        const beyond = counting !== undefined && reached(counting);
        const over = refusing.find(reached);
        if (over) return { refusedBy: over.keyHash, beyond };
        const counted = beyond ? (countedBeyond ? refusing : []) : all;
        if (counted.length > 0) await tables.insert(loginFailure).values(counted.map(({ keyHash }) => ({ keyHash, at })));
        return { beyond };
      }),

    async forget(keyHashes, at) {
      await database.run((tables) =>
        tables.delete(loginFailure).where(and(inArray(loginFailure.keyHash, [...keyHashes]), at && eq(loginFailure.at, at))),
      );
    },

    async forgetPrefix(prefixes) {
      await database.run((tables) =>
        tables
          .delete(loginFailure)
          .where(or(...prefixes.map((prefix) => like(loginFailure.keyHash, `${prefix.replace(/[%_\\]/g, '\\$&')}%`)))),
      );
    },

    async sweep(before, maxRows) {
      await database.run((tables) => tables.delete(loginFailure).where(lte(loginFailure.at, before)));
      if (maxRows === undefined) return;
      const [oldestKept] = await database.run((tables) =>
        tables.select({ at: loginFailure.at }).from(loginFailure).orderBy(desc(loginFailure.at)).offset(maxRows).limit(1),
      );
      if (oldestKept) await database.run((tables) => tables.delete(loginFailure).where(lt(loginFailure.at, oldestKept.at)));
    },
  };
}
