import type { Log } from '../log.js';
import type { Registry } from '../registry/registry.js';
import type { AuditEntries, AuditSubject } from '../store/audit-entries.js';

/**
 * Warns (at the start, and daily; of the default line) if the audit log names a promoted model that the registry does not contain: the folder was lost or another one is
 * configured, and another model reports in place of the promoted one.
 */
export async function warnOfLostRegistry(
  audit: Pick<AuditEntries, 'list'>,
  registry: Pick<Registry, 'history' | 'directory'>,
  serving: string,
  log: Log,
): Promise<void> {
  const known = new Set((await registry.history()).map(({ champion }) => champion));
  const changes = await audit.list({ action: 'model.changed', limit: 1000 });
  const last = changes
    .map(({ subject }) => JSON.parse(subject) as AuditSubject)
    .find(({ change, line }) => line === undefined && (change === 'promote' || change === 'rollback'));
  const before = last?.['champion'];
  if (typeof before !== 'string' || before === serving || known.has(before)) return;
  log.warn(
    'the registry does not contain the model that was promoted last, so another one is deployed: restore the folder, or import and promote that version again',
    { promoted: before, serving, registry: registry.directory },
  );
}
