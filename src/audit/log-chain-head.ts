import type { Log } from '../log.js';
import type { AuditEntries } from '../store/audit-entries.js';

/**
 * Writes where the chain ends into the service's log, which is collected elsewhere: whoever rewrites the database does not
 * reach it there, and `audit verify --head` finds what was cut off or written anew.
 */
export async function logChainHead(entries: Pick<AuditEntries, 'last'>, log: Log): Promise<void> {
  const last = await entries.last();
  if (last) log.info('last entry of the audit log', { head: `${last.seq}:${last.hash}` });
}
