import type { ConsensusLabel } from '../../assessments/adjudicated-labels.js';
import { consensusOrigin } from '../../assessments/adjudicated-labels.js';
import { cohenKappa } from '../../evaluation/metrics/kappa.js';
import type { BackfillRow } from '../../store/backfills.js';
import type { TrialStudyRow } from '../../store/trials.js';
import { calendarDate } from '../study-dates.js';
import { findingFigures, asMeasure, proportion, type FindingCase } from './finding-figures.js';
import {
  groupings,
  maxDisagreements,
  minGroupSize,
  minLabelled,
  type ResultComparison,
  type Disagreement,
  type TrialGroupFigures,
  type TrialGrouping,
  type TrialFigures,
} from './trial-figures.js';

type TrialBackfill = Pick<
  BackfillRow,
  'id' | 'since' | 'until' | 'rule' | 'state' | 'createdAt' | 'found' | 'done' | 'unchanged' | 'skipped' | 'failed' | 'vanished'
>;

/**
 * The figures of a silent trial: the same studies and labels give the same figures, byte for byte.
 *
 * @param studies what the version predicted, by Study Instance UID
 * @param labels of these studies
 */
export function composeFigures(
  backfill: TrialBackfill,
  modelVersion: string,
  otherVersions: readonly string[],
  studies: readonly TrialStudyRow[],
  labels: readonly ConsensusLabel[],
): TrialFigures {
  const byStudy = new Map<string, Map<string, ConsensusLabel>>();
  for (const label of labels) {
    const ofStudy = byStudy.get(label.studyInstanceUID) ?? new Map<string, ConsensusLabel>();
    byStudy.set(label.studyInstanceUID, ofStudy.set(label.finding, label));
  }
  const findings = [...new Set(studies.flatMap((one) => one.findings.map(({ name }) => name)))].sort();
  const casesOf = (finding: string, some: readonly TrialStudyRow[]): readonly FindingCase[] =>
    some.map((one) => caseOf(finding, one, byStudy.get(one.studyInstanceUID)?.get(finding)));
  const agreed = labels.filter(({ state, finding }) => state === 'agreed' && findings.includes(finding));
  const finished = backfill.done + backfill.unchanged;
  const { found, skipped, failed } = backfill;
  const vanished = backfill.vanished + (otherVersions.length === 0 ? Math.max(0, finished - studies.length) : 0);
  return {
    format: 'orthanc-chest-ai trial figures',
    version: 1,
    backfill: backfill.id,
    since: calendarDate(backfill.since),
    until: calendarDate(backfill.until),
    rule: backfill.rule,
    state: backfill.state,
    startedAt: backfill.createdAt.toISOString(),
    modelVersion,
    otherVersions,
    minGroupSize,
    minLabelled,
    studies: {
      found,
      predicted: studies.length,
      abstained: studies.filter(({ outcome }) => outcome === 'skipped').length,
      patients: new Set(studies.map(({ patientKey }) => patientKey)).size,
      skipped,
      failed,
      vanished,
      unfinished: found - finished - skipped - failed - backfill.vanished,
      isTrainingKnown: studies.length > 0 && studies.every(({ isKnownToModel }) => isKnownToModel !== null),
      knownToModel: studies.filter(({ isKnownToModel }) => isKnownToModel === true).length,
      labelled: new Set(agreed.map(({ studyInstanceUID }) => studyInstanceUID)).size,
      origins: countedBy(agreed.map(consensusOrigin)),
    },
    findings: findings.map((finding) => findingFigures(finding, casesOf(finding, studies), 1)),
    groups: groupings.map((by) => ({ by, groups: groupsBy(by, studies, findings, casesOf) })),
    comparison: findings.flatMap((finding) => comparisonOf(finding, studies) ?? []),
    disagreements: disagreementsOf(studies, byStudy),
  };
}

function caseOf(finding: string, study: TrialStudyRow, label: ConsensusLabel | undefined): FindingCase {
  const { studyInstanceUID, patientKey, isKnownToModel } = study;
  return {
    studyInstanceUID,
    patient: patientKey,
    prediction: study.findings.find(({ name }) => name === finding),
    label: label && (label.decision ?? 'none'),
    isKnownToModel: isKnownToModel === true,
  };
}

function groupsBy(
  by: TrialGrouping,
  studies: readonly TrialStudyRow[],
  findings: readonly string[],
  casesOf: (finding: string, some: readonly TrialStudyRow[]) => readonly FindingCase[],
): readonly TrialGroupFigures[] {
  const groups = new Map<string | null, TrialStudyRow[]>();
  for (const one of studies) {
    const name = one.groups[by] ?? null;
    const group = groups.get(name);
    if (group) group.push(one);
    else groups.set(name, [one]);
  }
  // Those that the images do not state come last.
  const names = [...groups.keys()].sort((a, b) => (a === null ? 1 : b === null ? -1 : a < b ? -1 : 1));
  return names.map((name) => {
    const some = groups.get(name)!;
    const isShown = some.length >= minGroupSize;
    return {
      name,
      studies: some.length,
      findings: isShown ? findings.map((finding) => findingFigures(finding, casesOf(finding, some), minLabelled)) : [],
    };
  });
}

function comparisonOf(finding: string, studies: readonly TrialStudyRow[]): ResultComparison | undefined {
  const pairs = studies.flatMap(({ patientKey: patient, findings, reportedFindings }) => {
    const [predicted, reported] = [findings, reportedFindings].map((all) => all.find(({ name }) => name === finding)?.decision);
    return predicted && reported ? [{ patient, predicted, reported }] : [];
  });
  if (pairs.length === 0) return undefined;
  const isPresent = (decision: string): 0 | 1 => (decision === 'present' ? 1 : 0);
  return {
    finding,
    studies: pairs.length,
    same: proportion(pairs, ({ predicted, reported }) => predicted === reported, 1),
    opposite: pairs.filter(({ predicted, reported }) => [predicted, reported].sort().join() === 'absent,present').length,
    positiveReported: pairs.filter(({ reported }) => reported === 'present').length,
    positivePredicted: pairs.filter(({ predicted }) => predicted === 'present').length,
    kappa: asMeasure(
      pairs.length,
      cohenKappa(
        pairs.map(({ reported }) => isPresent(reported)),
        pairs.map(({ predicted }) => isPresent(predicted)),
        pairs.map(({ patient }) => patient),
      ),
    ),
  };
}

/** Labelled studies that the version was not trained on and decides otherwise, the surest of its mistakes first. */
function disagreementsOf(
  studies: readonly TrialStudyRow[],
  labels: ReadonlyMap<string, ReadonlyMap<string, ConsensusLabel>>,
): readonly Disagreement[] {
  const all = studies.flatMap(({ studyInstanceUID, findings, isKnownToModel }) =>
    findings.flatMap(({ name: finding, probability, decision }): readonly (Disagreement & { readonly distance: number })[] => {
      const label = labels.get(studyInstanceUID)?.get(finding);
      if (label?.decision === undefined || isKnownToModel === true || (decision === 'present') === (label.decision === 'present'))
        return [];
      const distance = label.decision === 'present' ? 1 - probability : probability;
      return [{ studyInstanceUID, finding, probability, decision, label: label.decision, origin: consensusOrigin(label), distance }];
    }),
  );
  return all
    .sort((a, b) => b.distance - a.distance || (a.studyInstanceUID + a.finding < b.studyInstanceUID + b.finding ? -1 : 1))
    .slice(0, maxDisagreements)
    .map(({ distance: _distance, ...one }) => one);
}

function countedBy(names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of [...names].sort()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
