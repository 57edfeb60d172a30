import { createHmac } from 'node:crypto';
import { Fault } from '../errors.js';
import { placeOf, type Log } from '../log.js';
import type { AuditEntries, AuditSubject, NewAuditEntry } from '../store/audit-entries.js';

/** Writes the audit log. */
export interface AuditLog {
  /**
   * For an action that changes something: records the intention before the work and the outcome after it, with the number of the
   * intention. Wherever the process ends, nothing was done without an entry; an intention without an outcome may or may not have been
   * carried out.
   *
   * @param outcomeDetails fields that the outcome's entry has in addition to the intention's subject
   * @throws Fault when the intention cannot be recorded, and then `work` is not called; what `work` throws
   */
  recordAction<T>(entry: NewAuditEntry, work: () => Promise<T>, outcomeDetails?: (result: T) => AuditSubject): Promise<T>;
  /**
   * For an action that needs an entry but no outcome: reading the log, a login.
   *
   * @throws Fault when the entry cannot be written
   */
  record(entry: NewAuditEntry): Promise<void>;
  /**
   * For viewing: patient care takes precedence. If the entry cannot be recorded, the log of the service reports it and the request
   * continues.
   */
  recordIfPossible(entry: NewAuditEntry): Promise<void>;
  /** As recordIfPossible, but the same view by the same actor within ten minutes (a page refreshes itself) is recorded once. */
  recordView(entry: NewAuditEntry): Promise<void>;
  /** As recordView for a list: one entry with those studies that the actor has not viewed within ten minutes, if there are any. */
  recordStudies(entry: NewAuditEntry, studyInstanceUIDs: readonly string[]): Promise<void>;
  /** A keyed hash of 16 hexadecimal digits, in place of a text that must not stand in the log. Constant for a database; `unknown` while the database is unavailable. */
  fingerprint(text: string): Promise<string>;
}

const sameViewMs = 10 * 60_000;
const maxViews = 20_000;

export function openAuditLog(entries: AuditEntries, log: Log): AuditLog {
  /** When a view was recorded, and writes in progress, for which the same view waits. */
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
      log.error('an action could not be recorded in the audit log', { actor: entry.actor, action: entry.action, code: error.code });
      return false;
    }
  };
  const recordIfPossible = async (entry: NewAuditEntry): Promise<void> => void (await write(entry));
  return {
    async recordAction<T>(
      entry: NewAuditEntry,
      work: () => Promise<T>,
      outcomeDetails: (result: T) => AuditSubject = () => ({}),
    ): Promise<T> {
      const { seq: intention } = await entries.append({ ...entry, outcome: 'intended' });
      // The work is done even if its entry cannot be recorded: the caller gets the outcome of the work.
      const recordOutcome = async (outcome: 'done' | 'failed', more: () => AuditSubject): Promise<void> => {
        try {
          await write({ ...entry, outcome, subject: { ...entry.subject, ...more(), intention } });
        } catch (error) {
          log.error('the outcome of an action could not be recorded in the audit log', {
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
      await recordOutcome('done', () => outcomeDetails(result));
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
      // A view counts as recorded only when its entry is written.
      if (await underWay) noted(view);
    },
    async recordStudies(entry, studyInstanceUIDs) {
      const view = (uid: string): string => viewOf({ ...entry, subject: { ...entry.subject, studyInstanceUID: uid } });
      // The PACS accepts any text as a UID, even a name.
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
