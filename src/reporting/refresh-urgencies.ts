import type { Routing } from '../routing/rules.js';
import type { Readings } from '../store/readings.js';
import { urgencyOf } from '../triage/urgency.js';
import type { ReportSettings } from './ports.js';

const pageSize = 500;

/**
 * Computes the urgency of all studies that wait to be read once more: the weights, or the findings that are switched off, may have changed
 * since they were reported. May be repeated, also by several processes at once.
 *
 * @returns how many had another urgency
 */
export async function refreshUrgencies(
  readings: Pick<Readings, 'waiting' | 'setUrgency'>,
  { triage, findingsOff = [], routing }: Pick<ReportSettings, 'triage' | 'findingsOff'> & { readonly routing: Routing },
): Promise<number> {
  if (!triage) return 0;
  const ruleOff = new Map(routing.rules.map(({ name, findingsOff: off }) => [name, off]));
  let changed = 0;
  let after: string | undefined;
  for (;;) {
    const rows = await readings.waiting({ after, limit: pageSize });
    for (const { studyInstanceUID, urgency, findings, priority, rule, ageGroup, encounterClass } of rows) {
      const off = new Set([...findingsOff, ...(ruleOff.get(rule ?? '') ?? [])]);
      const facts = { findings, priority, ageGroup: ageGroup ?? undefined, encounterClass: encounterClass ?? undefined };
      const now = urgencyOf(facts, triage, off);
      if (now === urgency) continue;
      await readings.setUrgency(studyInstanceUID, now);
      changed++;
    }
    after = rows.at(-1)?.studyInstanceUID;
    if (rows.length < pageSize) return changed;
  }
}
