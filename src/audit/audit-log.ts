import { createHmac } from 'node:crypto';
import { Fault } from '../errors.js';
import { placeOf, type Log } from '../log.js';
import type { AuditEntries, AuditSubject, NewAuditEntry } from '../store/audit-entries.js';

/** Where deeds are recorded. */
export interface AuditLog {
  /**
   * For what changes something: the intention is on record before it is begun, the outcome after it, with the number of the intention. Wherever
   * the process ends, nothing was done that is not on record; an intention without an outcome may or may not have been done.
   *
   * @param said what the outcome's entry says beside the intention's subject
   * @throws Fault when the intention cannot be written, with nothing done; whatever `work` throws
   */
  deed<T>(entry: NewAuditEntry, work: () => Promise<T>, said?: (result: T) => AuditSubject): Promise<T>;
  /**
   * For what is not done without an entry but needs no outcome: reading the log, a login.
   *
   * @throws Fault when the entry cannot be written
   */
  record(entry: NewAuditEntry): Promise<void>;
  /**
   * For looking: care goes before book-keeping. An entry that cannot be written is said in the log of the service, and the
   * request goes on.
   */
  recordIfPossible(entry: NewAuditEntry): Promise<void>;
  /** As recordIfPossible; who looks at the same thing again within ten minutes, as a page does by itself, is one entry. */
  recordView(entry: NewAuditEntry): Promise<void>;
  /** The same for a list: one entry with those studies that this one has not looked at within ten minutes, if there are any. */
  recordStudies(entry: NewAuditEntry, studyInstanceUIDs: readonly string[]): Promise<void>;
  /** A keyed hash, 16 hexadecimal digits, of what must not stand in the log; the same at each time on one database, `unknown` while that cannot be asked. */
  fingerprint(text: string): Promise<string>;
}

const sameViewMs = 10 * 60_000;
const maxViews = 20_000;

export function openAuditLog(entries: AuditEntries, log: Log): AuditLog {
  /** When a view was recorded, and the write under way: the same view meanwhile waits for it. */
  const views = new Map<string, number>();
  const writing = new Map<string, Promise<boolean>>();
  let key: Promise<Uint8Array> | undefined;
  const viewOf = (entry: NewAuditEntry): string => JSON.stringify([entry.actor, entry.action, entry.outcome, entry.remote, entry.subject]);
  const isFresh = (view: string): boolean => Date.now() - (views.get(view) ?? -Infinity) < sameViewMs;
  const noted = (view: string): void => {
    if (views.size >= maxViews) views.clear();
    views.set(view, Date.now());
  };
  const write = async (entry: NewAuditEntry): Promise<boolean> => {
    try {
      await entries.append(entry);
      return true;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      log.error('a deed could not be put on record', { actor: entry.actor, action: entry.action, code: error.code });
      return false;
    }
  };
  const recordIfPossible = async (entry: NewAuditEntry): Promise<void> => void (await write(entry));
  return {
    async deed<T>(entry: NewAuditEntry, work: () => Promise<T>, said: (result: T) => AuditSubject = () => ({})): Promise<T> {
      const { seq: intention } = await entries.append({ ...entry, outcome: 'intended' });
      // What was done stays done, whatever goes wrong with its entry: the caller is told the outcome of the work.
      const recordOutcome = async (outcome: 'done' | 'failed', more: () => AuditSubject): Promise<void> => {
        try {
          await write({ ...entry, outcome, subject: { ...entry.subject, ...more(), intention } });
        } catch (error) {
          log.error('the outcome of a deed could not be put on record', {
            actor: entry.actor,
            action: entry.action,
            outcome,
            intention,
            place: placeOf(error),
          });
        }
      };
      let result: T;
      try {
        result = await work();
      } catch (error) {
        await recordOutcome('failed', () => ({}));
        throw error;
      }
      await recordOutcome('done', () => said(result));
      return result;
    },
    async record(entry) {
      await entries.append(entry);
    },
    recordIfPossible,
    async recordView(entry) {
      const view = viewOf(entry);
      if (isFresh(view)) return;
      const underWay = writing.get(view) ?? write(entry).finally(() => writing.delete(view));
      writing.set(view, underWay);
      // Only what is on record counts as recorded.
      if (await underWay) noted(view);
    },
    async recordStudies(entry, studyInstanceUIDs) {
      const view = (uid: string): string => viewOf({ ...entry, subject: { ...entry.subject, studyInstanceUID: uid } });
      // The PACS takes any text for a UID, also a name.
      const uids = studyInstanceUIDs.map((uid) => (/^[0-9.]{1,64}$/.test(uid) ? uid : 'no UID'));
      const fresh = [...new Set(uids)].filter((uid) => !isFresh(view(uid)));
      if (fresh.length === 0 || !(await write({ ...entry, subject: { ...entry.subject, studyInstanceUIDs: fresh } }))) return;
      for (const uid of fresh) noted(view(uid));
    },
    async fingerprint(text) {
      try {
        key ??= entries.key();
        return createHmac('sha256', await key)
          .update(text)
          .digest('hex')
          .slice(0, 16);
      } catch (error) {
        key = undefined;
        if (error instanceof Fault) return 'unknown';
        throw error;
      }
    },
  };
}
