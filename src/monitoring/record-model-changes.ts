import { defaultLine } from '../lib/model-line.js';
import type { Registry } from '../registry/registry.js';
import type { AuditEntries } from '../store/audit-entries.js';

/**
 * Records every change of a line's champion and challenger in the audit log, once even with several processes: also those by the command line
 * and by retraining, which have no other entry.
 *
 * @returns records new changes; one that cannot be recorded is tried again at the next call
 */
export function modelChangesRecorder(
  registry: Pick<Registry, 'history'>,
  audit: Pick<AuditEntries, 'appendOnce'>,
  line: string = defaultLine,
): () => Promise<void> {
  const recorded = new Set<number>();
  return async () => {
    for (const { revision, action, champion, challenger, at, by, changeRecord } of await registry.history()) {
      if (recorded.has(revision)) continue;
      // The reason is free text, which may contain anything: it stays in the registry.
      const subject = {
        ...(line === defaultLine ? {} : { line }),
        revision,
        change: action,
        champion,
        challenger: challenger ?? '',
        changedAt: at,
        ...(changeRecord ? { changeRecord } : {}),
      };
      await audit.appendOnce({ actor: by, action: 'model.changed', subject });
      recorded.add(revision);
    }
  };
}
