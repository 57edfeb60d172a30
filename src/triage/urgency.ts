import type { AgeGroup } from '../dicom/patient-age.js';
import type { Conditions } from '../routing/rules.js';
import type { EncounterClass } from './encounter-class.js';

/** Weights from 0 (does not count) to 1,000, which are compared with each other only. */
export interface UrgencyWeights {
  /** By finding. */
  readonly weights: Readonly<Record<string, number>>;
  /** Of findings that `weights` does not name. */
  readonly otherFindings: number;
  /** For each point of the routing rule's priority. */
  readonly rulePriority: number;
  readonly age: Readonly<Record<'from0' | 'from20' | 'from40' | 'from60' | 'from80', number>>;
  readonly emergency: EncounterWeight;
  readonly inpatient: EncounterWeight;
  readonly outpatient: EncounterWeight;
}

export interface TriageSettings extends UrgencyWeights {
  /** A study with an older Study Date comes from an archive. */
  readonly maxStudyAgeDays: number;
}

export interface EncounterWeight {
  readonly weight: number;
  readonly when: readonly Conditions[];
}

export interface WeighedFinding {
  readonly name: string;
  /** Calibrated, 0 to 1. */
  readonly probability: number;
  readonly decision: 'present' | 'absent' | 'undetermined';
}

/** What the urgency of a study is computed from. */
export interface UrgencyFacts {
  readonly findings: readonly WeighedFinding[];
  /** Of the routing rule, 0 to 10. */
  readonly priority: number;
  readonly ageGroup?: AgeGroup | undefined;
  readonly encounterClass?: EncounterClass | undefined;
}

/** What one fact contributes to the urgency. */
export type UrgencyPart<Finding extends WeighedFinding = WeighedFinding> =
  | { readonly kind: 'finding'; readonly finding: Finding; readonly points: number }
  | { readonly kind: 'priority'; readonly priority: number; readonly points: number }
  | { readonly kind: 'age'; readonly ageGroup: AgeGroup; readonly points: number }
  | { readonly kind: 'encounter'; readonly encounterClass: EncounterClass; readonly points: number };

/**
 * The urgency of a study, 0 or more, to three decimals: the sum of its parts.
 *
 * A finding contributes weight × probability: if the probability is calibrated, that is the mean weight of such studies, and reading
 * them in this order minimises the weighted waiting time (the cµ rule; D. R. Cox and W. L. Smith, Queues, 1961). A finding
 * whose decision is `absent` contributes nothing: below its threshold a model is rarely calibrated well enough to order studies, and
 * studies without a finding are then read in the order of arrival.
 */
export function urgencyOf(facts: UrgencyFacts, weights: UrgencyWeights, off?: ReadonlySet<string>): number {
  return Math.round(urgencyParts(facts, weights, off).reduce((sum, { points }) => sum + points, 0) * 1_000) / 1_000;
}

/**
 * What contributes to the urgency, the largest part first.
 *
 * @param off findings that the site has switched off: they do not count, even if an earlier result contains them
 */
export function urgencyParts<Finding extends WeighedFinding>(
  { findings, priority, ageGroup, encounterClass }: UrgencyFacts & { readonly findings: readonly Finding[] },
  weights: UrgencyWeights,
  off: ReadonlySet<string> = new Set(),
): readonly UrgencyPart<Finding>[] {
  const parts: UrgencyPart<Finding>[] = [];
  for (const finding of findings) {
    if (finding.decision === 'absent' || off.has(finding.name)) continue;
    parts.push({ kind: 'finding', finding, points: weightOf(finding.name, weights) * finding.probability });
  }
  parts.push({ kind: 'priority', priority, points: weights.rulePriority * priority });
  if (ageGroup !== undefined) parts.push({ kind: 'age', ageGroup, points: weights.age[`from${(ageGroup * 20) as 0 | 20 | 40 | 60 | 80}`] });
  if (encounterClass !== undefined) parts.push({ kind: 'encounter', encounterClass, points: weights[encounterClass].weight });
  return parts.filter(({ points }) => points > 0).sort((one, other) => other.points - one.points);
}

/** The name of a finding is what a document states: only own keys of the settings count. */
function weightOf(name: string, { weights, otherFindings }: UrgencyWeights): number {
  return Object.hasOwn(weights, name) ? weights[name]! : otherFindings;
}
