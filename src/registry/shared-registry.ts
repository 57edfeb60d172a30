import { aliasStateSchema, revisionTaken, type AliasLog } from './alias-log.js';
import { isChangeId, isRetrainingRecord, parseChange, passOverUnreadable, sortChanges, type ChangeRecords } from './change-record.js';
import { Fault } from '../errors.js';

/** The part of the registry that all processes on one database share. The store has it. */
export interface SharedRegistry {
  /** Changes of aliases, oldest first. */
  aliases(): Promise<readonly unknown[]>;
  lastAlias(): Promise<unknown>;
  /** @returns false if another process took the revision */
  addAlias(revision: number, state: unknown): Promise<boolean>;
  writeChange(id: string, record: unknown): Promise<void>;
  change(id: string): Promise<unknown>;
  changes(): Promise<readonly { readonly id: string; readonly record: unknown }[]>;
  /** Versions whose files are in the database, newest first. */
  versions(): Promise<readonly string[]>;
  writeVersion(version: string, files: ReadonlyMap<string, Uint8Array>): Promise<void>;
  version(version: string): Promise<ReadonlyMap<string, Uint8Array> | undefined>;
  removeOldVersions(keepNewest: number, keep: readonly string[]): Promise<void>;
}

const place = 'the database';

export function sharedAliases(shared: SharedRegistry): AliasLog {
  return {
    all: async () => (await shared.aliases()).map((state) => aliasStateSchema.parse(state)),
    async last() {
      const state = await shared.lastAlias();
      return state === undefined ? undefined : aliasStateSchema.parse(state);
    },
    async append(seen, change) {
      const state = aliasStateSchema.parse({ ...change, revision: (seen?.revision ?? 0) + 1 });
      if (!(await shared.addAlias(state.revision, state))) throw revisionTaken(state.revision, place);
      return state;
    },
  };
}

export function sharedChanges(shared: SharedRegistry): ChangeRecords {
  return {
    write: (record) => shared.writeChange(record.id, record),
    list: async () => sortChanges((await shared.changes()).map(({ id, record }) => ({ id, read: async () => parseChange(record, id) }))),
    async read(id) {
      const record = isChangeId(id) ? await shared.change(id) : undefined;
      if (record === undefined)
        throw new Fault('model-unknown', `expected a change record, found none called ${isChangeId(id) ? id : 'so'}`, { source: place });
      return parseChange(record, id);
    },
    async lastRun() {
      for (const { id, record } of (await shared.changes()).filter((one) => isRetrainingRecord(one.id)).reverse()) {
        const readable = await Promise.resolve()
          .then(() => parseChange(record, id))
          .catch(passOverUnreadable);
        if (readable) return readable;
      }
      return undefined;
    },
  };
}
