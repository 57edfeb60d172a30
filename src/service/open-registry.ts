import type { Config } from '../config.js';
import { defaultLine } from '../lib/model-line.js';
import { silentLog } from '../log.js';
import { openRegistry, registryFolder, type Registry } from '../registry/registry.js';
import type { SharedRegistry } from '../registry/shared-registry.js';
import type { Store } from '../store/store.js';

/**
 * The registry of a process: with DATABASE_URL aliases, change records and versions are in the database, so that a promotion reaches
 * every process; with the embedded database, which one process has, they are files below DATA_DIR/models, and the command line can
 * change them beside the running service.
 *
 * @param line the model line whose registry it is
 */
export function registryOfStore(
  config: Pick<Config, 'dataDir'>,
  store: Pick<Store, 'kind' | 'models' | 'ofLine'>,
  line: string = defaultLine,
): Registry {
  return openRegistry(registryFolder(config, line), store.kind === 'postgresql' ? store.ofLine(line).models : undefined);
}

/** The same registry for a command: it opens the database at the first call, and the process can end without closing it. */
export function registryOf({ dataDir, database }: Pick<Config, 'dataDir' | 'database'>, line: string = defaultLine): Registry {
  return openRegistry(registryFolder({ dataDir }, line), database.url ? openedLater(database.url, line) : undefined);
}

const opened = new Map<string, Promise<Store>>();

function openedLater(databaseUrl: string, line: string): SharedRegistry {
  const open = async (): Promise<Store> => {
    // A command with the embedded database needs nothing of the store.
    const { openStore } = await import('../store/store.js');
    return openStore({ databaseUrl }, silentLog);
  };
  const models = async (): Promise<SharedRegistry> => {
    const store = opened.get(databaseUrl) ?? open();
    opened.set(databaseUrl, store);
    return (await store).ofLine(line).models;
  };
  return {
    aliases: async () => (await models()).aliases(),
    lastAlias: async () => (await models()).lastAlias(),
    addAlias: async (revision, state) => (await models()).addAlias(revision, state),
    writeChange: async (id, record) => (await models()).writeChange(id, record),
    change: async (id) => (await models()).change(id),
    changes: async () => (await models()).changes(),
    versions: async () => (await models()).versions(),
    writeVersion: async (version, files) => (await models()).writeVersion(version, files),
    version: async (version) => (await models()).version(version),
    removeOldVersions: async (newest, retained) => (await models()).removeOldVersions(newest, retained),
  };
}
