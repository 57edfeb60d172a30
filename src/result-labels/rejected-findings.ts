import { consensusLabels, isReadFromText, type LabelStatement } from '../assessments/adjudicated-labels.js';

/** A reader's statement, and whether it was made about the images that the current result is about. */
export interface ConsensusStatement extends LabelStatement {
  /** True where nothing is known to the contrary: a list, a verified report, a label in Orthanc. */
  readonly isAboutCurrentImages: boolean;
}

/**
 * The findings that the readers of a study reject: the last statements of all readers agree on "absent". A finding on which they disagree is
 * not rejected. An assessment of earlier images rejects nothing that is seen in new ones, and
 * what rules read in a report's text rejects nothing: where it differs, a reader is to look again.
 *
 * @returns names by Study Instance UID
 */
export function rejectedFindings(statements: readonly ConsensusStatement[]): ReadonlyMap<string, ReadonlySet<string>> {
  const rejected = new Map<string, Set<string>>();
  for (const { studyInstanceUID, finding, decision } of consensusLabels(
    statements.filter((one) => one.isAboutCurrentImages && !isReadFromText(one)),
  )) {
    if (decision !== 'absent') continue;
    const known = rejected.get(studyInstanceUID) ?? new Set();
    rejected.set(studyInstanceUID, known.add(finding));
  }
  return rejected;
}
