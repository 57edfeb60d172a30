import type { LabelOrigin } from '../lib/label-origin.js';

/** One statement of one reader on one finding of a study, from the index. */
export interface LabelStatement {
  readonly studyInstanceUID: string;
  readonly finding: string;
  readonly reader: string;
  readonly decision: 'present' | 'absent' | 'undetermined';
  readonly source: string;
  readonly verified: boolean;
  readonly adjudicates: boolean;
  /** Null if it is unknown: such a statement counts as older than all others. */
  readonly givenAt: Date | null;
}

/** What the statements of all readers on one finding of a study amount to. */
export interface ConsensusLabel {
  readonly studyInstanceUID: string;
  readonly finding: string;
  /** `disagreed`: left out of training until a reader who may verify adjudicates. `undetermined`: no reader decided. */
  readonly state: 'agreed' | 'disagreed' | 'undetermined';
  /** Only if agreed. */
  readonly decision?: 'present' | 'absent';
  /** The last statement of each reader. */
  readonly statements: readonly LabelStatement[];
}

/**
 * The last statement of each reader counts, from whatever source. If all of them decide alike, that is the label; if not, there is
 * none. A verified report that was amended is no longer among the statements (store/labels.ts). A statement that adjudicates replaces
 * everything stated before it; later statements count again. What was read from the text of a radiologist's report counts only where
 * nobody has stated anything else.
 *
 * @param statements of any number of studies and findings, in any order
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
  const byReaders = group.filter((one) => !isReadFromText(one));
  const inOrder = [...(byReaders.length > 0 ? byReaders : group)].sort((a, b) => timeOf(a) - timeOf(b));
  const adjudication = inOrder.findLastIndex((one) => one.adjudicates && one.verified && one.decision !== 'undetermined');
  const counting = inOrder.slice(Math.max(0, adjudication));
  const last = new Map(counting.map((one) => [one.reader, one]));
  const decisions = new Set([...last.values()].map((one) => one.decision).filter((one) => one !== 'undetermined'));
  const frame = { studyInstanceUID, finding, statements: [...last.values()] };
  if (decisions.size === 0) return { ...frame, state: 'undetermined' };
  if (decisions.size > 1) return { ...frame, state: 'disagreed' };
  return { ...frame, state: 'agreed', decision: [...decisions][0]! };
}

/** Whether rules have read the statement from the text of a radiologist's report. */
export function isReadFromText({ source }: Pick<LabelStatement, 'source'>): boolean {
  return source === 'report';
}

function timeOf({ givenAt }: LabelStatement): number {
  return givenAt?.getTime() ?? -Infinity;
}

/**
 * How reliable an agreed label is. `adjudicated`: a reader adjudicated, or several agree. `report`: only Orthanc's own label states it,
 * which records neither reader nor time, or the text of a report. Otherwise one reader: `radiologist`.
 */
export function consensusOrigin({ decision, statements }: ConsensusLabel): LabelOrigin {
  const deciding = statements.filter((one) => one.decision === decision);
  const read = deciding.filter((one) => one.source !== 'orthanc-label' && !isReadFromText(one));
  if (read.some(({ adjudicates, verified }) => adjudicates && verified) || read.length > 1) return 'adjudicated';
  return read.length === 1 ? 'radiologist' : 'report';
}
