import type { Registry } from '../registry/registry.js';
import type { AuditEntries } from '../store/audit-entries.js';

/**
 * Puts on record what changed in the registry, whoever changed it and by whatever door: what was promoted on the page stands there as
 * the page's deed too, what the command line or a night promoted only so. Each change once, also with several processes.
 *
 * @returns looks now; a change that cannot be put on record is tried again at the next look
 */
export function modelChangesNoter(registry: Pick<Registry, 'history'>, audit: Pick<AuditEntries, 'appendOnce'>): () => Promise<void> {
  const noted = new Set<number>();
  return async () => {
    for (const { revision, action, champion, challenger, at, by, changeRecord } of await registry.history()) {
      if (noted.has(revision)) continue;
      // why it was done is free text, in which anything may stand: it stays in the registry
      const subject = {
        revision,
        change: action,
        champion,
        challenger: challenger ?? '',
        changedAt: at,
        ...(changeRecord ? { changeRecord } : {}),
      };
      await audit.appendOnce({ actor: by, action: 'model.changed', subject });
      noted.add(revision);
    }
  };
}
