/** One statement of one reader on one finding of a study, as the index keeps it. */
export interface LabelStatement {
  readonly studyInstanceUID: string;
  readonly finding: string;
  readonly reader: string;
  readonly decision: 'present' | 'absent' | 'undetermined';
  readonly source: string;
  readonly verified: boolean;
  readonly adjudicates: boolean;
  /** Absent where nobody knows: such a statement counts as older than all others. */
  readonly givenAt: Date | null;
}

/** What the readers together say of one finding of a study. */
export interface ConsensusLabel {
  readonly studyInstanceUID: string;
  readonly finding: string;
  /** `disagreed`: left out of training until a reader who may verify settles it. `undetermined`: nobody decided. */
  readonly state: 'settled' | 'disagreed' | 'undetermined';
  /** Only where settled. */
  readonly decision?: 'present' | 'absent';
  /** The last statement of each reader. */
  readonly statements: readonly LabelStatement[];
}

/**
 * Of each reader the last statement counts, from whatever source. Where they all decide alike, that is the label; where they
 * do not, there is none. A verified report that was amended is not among the statements any more (store/labels.ts). A statement that settles ends everything said before it; what is said after it counts again.
 *
 * @param statements any number of studies and findings, in any order
 */
export function consensusLabels(statements: readonly LabelStatement[]): readonly ConsensusLabel[] {
  const groups = new Map<string, LabelStatement[]>();
  for (const one of statements) {
    const key = `${one.studyInstanceUID} ${one.finding}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map(jointLabel);
}

function jointLabel(group: readonly LabelStatement[]): ConsensusLabel {
  const { studyInstanceUID, finding } = group[0]!;
  const inOrder = [...group].sort((a, b) => timeOf(a) - timeOf(b));
  const settling = inOrder.findLastIndex((one) => one.adjudicates && one.verified && one.decision !== 'undetermined');
  const counting = inOrder.slice(Math.max(0, settling));
  const last = new Map(counting.map((one) => [one.reader, one]));
  const decisions = new Set([...last.values()].map((one) => one.decision).filter((one) => one !== 'undetermined'));
  const frame = { studyInstanceUID, finding, statements: [...last.values()] };
  if (decisions.size === 0) return { ...frame, state: 'undetermined' };
  if (decisions.size > 1) return { ...frame, state: 'disagreed' };
  return { ...frame, state: 'settled', decision: [...decisions][0]! };
}

function timeOf({ givenAt }: LabelStatement): number {
  return givenAt?.getTime() ?? -Infinity;
}
