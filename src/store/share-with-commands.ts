import type { Log } from '../log.js';
import { shareDatabase, type SharedDatabase } from './share-database.js';
import type { Store } from './store.js';

/** Commands use the embedded database while the service runs. Where the folder admits no Unix socket, they need the service stopped. */
export async function shareWithCommands(store: Store, dataDir: string, log: Log): Promise<SharedDatabase> {
  try {
    return await shareDatabase(store.sql, dataDir, log);
  } catch (error) {
    log.warn('the folder of the database admits no Unix socket: commands that use the database need the service stopped', {
      directory: dataDir,
      reason: (error as Error).message,
    });
    return { close: async () => undefined };
  }
}
