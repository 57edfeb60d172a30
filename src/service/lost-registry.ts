import type { Log } from '../log.js';
import type { Registry } from '../registry/registry.js';
import type { AuditEntries, AuditSubject } from '../store/audit-entries.js';

/**
 * Warns at the start where the audit log knows of a model in service that the registry has forgotten: the folder was lost or another one is
 * configured, and the shipped model serves in the place of the one that was promoted.
 */
export async function warnOfLostRegistry(
  audit: Pick<AuditEntries, 'list'>,
  registry: Pick<Registry, 'history' | 'directory'>,
  inService: string,
  log: Log,
): Promise<void> {
  const known = new Set((await registry.history()).map(({ champion }) => champion));
  const changes = await audit.list({ action: 'model.changed', limit: 1000 });
  const last = changes
    .map(({ subject }) => JSON.parse(subject) as AuditSubject)
    .find(({ change }) => change === 'promote' || change === 'rollback');
  const before = last?.['champion'];
  if (typeof before !== 'string' || before === inService || known.has(before)) return;
  log.warn(
    'the registry of models does not know the model that was promoted last; another one is in service: restore the folder, or import and promote that version again',
    { promoted: before, inService, registry: registry.directory },
  );
}
