import { ageGroupOf } from '../dicom/patient-age.js';
import { textOf, type DataSet } from '../dicom/data-set.js';
import type { RoutingRule } from '../routing/rules.js';
import { seriesFactsOf, type Arrival } from '../routing/series-facts.js';
import type { NewTriage } from '../store/place-in-worklist.js';
import { encounterClassOf } from '../triage/encounter-class.js';
import { urgencyOf, type TriageSettings, type WeighedFinding } from '../triage/urgency.js';

export interface TriagedStudy {
  readonly findings: readonly WeighedFinding[];
  readonly priority: number;
  readonly rule: Pick<RoutingRule, 'action' | 'findingsOff'> | undefined;
  /** A person has requested the analysis. */
  readonly isRequested?: boolean | undefined;
  /** Images of the study; none if they could not be read. */
  readonly instances: readonly DataSet[];
  readonly arrival: Arrival;
}

/**
 * What the order of reading needs to know of a study, computed from its images while they are known: of the patient only the age in steps
 * of twenty years is stored, of the encounter only its class, of the Study Date only whether it is recent.
 */
export function triageOf(
  { findings, priority, rule, isRequested = false, instances, arrival }: TriagedStudy,
  { triage, findingsOff = [] }: { readonly triage?: TriageSettings | undefined; readonly findingsOff?: readonly string[] | undefined },
  now: Date,
): NewTriage | undefined {
  if (!triage) return undefined;
  const [ageGroup] = instances.map(ageGroupOf).filter((one) => one !== undefined);
  const encounterClass = encounterClassOf(seriesFactsOf(instances, arrival), triage);
  const off = new Set([...findingsOff, ...(rule?.findingsOff ?? [])]);
  return {
    urgency: urgencyOf({ findings, priority, ageGroup, encounterClass }, triage, off),
    ...(ageGroup === undefined ? {} : { ageGroup }),
    ...(encounterClass === undefined ? {} : { encounterClass }),
    modalities: [...new Set(instances.flatMap((one) => textOf(one, 'Modality') ?? []))].sort(),
    isSelected: rule?.action === 'analyse' || isRequested,
    isRecent: isRecent(instances, triage.maxStudyAgeDays, now),
  };
}

const dayMs = 86_400_000;

/** A study without a valid Study Date counts as recent. The date has no time zone: at most a day more is allowed for. */
function isRecent(instances: readonly DataSet[], maxStudyAgeDays: number, now: Date): boolean {
  const days = instances.flatMap((one) => {
    const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(textOf(one, 'StudyDate') ?? '') ?? [];
    return day === undefined ? [] : [Date.UTC(Number(year), Number(month) - 1, Number(day))];
  });
  return days.length === 0 || now.getTime() - Math.max(...days) <= (maxStudyAgeDays + 1) * dayMs;
}
