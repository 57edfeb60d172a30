import type { ResultRow } from '../store/results.js';
import { percentWithoutThresholds } from '../sr/wording.js';

/** What `demo --once` and `results` print of a result with --json. */
export function resultObject(row: ResultRow): object {
  return {
    studyInstanceUID: row.studyInstanceUID,
    outcome: row.outcome,
    ...(row.reason ? { reason: row.reason } : {}),
    findings: row.findings.map(({ name, code, probability, decision }) => ({ name, code, probability, decision })),
    engine: row.engine,
    modelVersion: row.modelVersion,
    srSOPInstanceUID: textDocumentOf(row),
  };
}

/** One line for people: StudyInstanceUID, outcome, top finding and its probability (or the reason), SR SOPInstanceUID. */
export function resultLine(row: ResultRow): string {
  const top = [...row.findings].sort((a, b) => b.probability - a.probability)[0];
  const finding = top ? `${top.meaning} ${percentWithoutThresholds(top)} % ${top.decision}` : (row.reason ?? '');
  return [row.studyInstanceUID, row.outcome.padEnd(8), finding, textDocumentOf(row) ?? 'no document'].join('  ');
}

function textDocumentOf(row: ResultRow): string | undefined {
  return row.documents.find((one) => one.kind === 'text')?.sopInstanceUID;
}
