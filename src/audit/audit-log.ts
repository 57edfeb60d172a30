import { Fault } from '../errors.js';
import type { Log } from '../log.js';
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
}

const sameViewMs = 10 * 60_000;
const mostViews = 10_000;

export function openAuditLog(entries: AuditEntries, log: Log): AuditLog {
  const views = new Map<string, number>();
  const recordIfPossible = async (entry: NewAuditEntry): Promise<void> => {
    try {
      await entries.append(entry);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      log.error('a deed could not be put on record', { actor: entry.actor, action: entry.action, code: error.code });
    }
  };
  return {
    async deed(entry, work, said = () => ({})) {
      const { seq: intention } = await entries.append({ ...entry, outcome: 'intended' });
      const outcomeOf = (outcome: 'done' | 'failed', more: AuditSubject = {}) => recordIfPossible({ ...entry, outcome, subject: { ...entry.subject, ...more, intention } });
      try {
        const result = await work();
        await outcomeOf('done', said(result));
        return result;
      } catch (error) {
        await outcomeOf('failed');
        throw error;
      }
    },
    async record(entry) {
      await entries.append(entry);
    },
    recordIfPossible,
    async recordView(entry) {
      const view = JSON.stringify([entry.actor, entry.action, entry.remote, entry.subject]);
      const now = Date.now();
      if (now - (views.get(view) ?? -Infinity) < sameViewMs) return;
      if (views.size >= mostViews) views.clear();
      views.set(view, now);
      await recordIfPossible(entry);
    },
  };
}
