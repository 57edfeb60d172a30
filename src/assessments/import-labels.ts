import { textOf, type DataSet } from '../dicom/data-set.js';
import { isUsableUid, type StudyInstanceUID } from '../dicom/uid.js';
import type { LabelRow } from '../dataset/label-csv.js';
import { Fault } from '../errors.js';
import type { Reader } from '../sr/assessment-content.js';
import { recordAssessment, type RecordAssessmentPorts } from './record-assessment.js';

export interface ImportLabelsPorts extends RecordAssessmentPorts {
  /** QIDO-RS study search. */
  searchForStudies(query: Readonly<Record<string, string>>, page: { readonly limit: number }): Promise<readonly DataSet[]>;
}

export interface ImportedLabels {
  /** Studies whose assessment was stored. */
  readonly stored: number;
  /** Studies of which the PACS held it already. */
  readonly known: number;
  /** What could not be taken, by line: no accession number is repeated. */
  readonly refused: readonly { readonly line: number; readonly code: string; readonly reason: string }[];
}

/**
 * Labels of a list → one assessment a study in the PACS, in the name of the reader who made the list. The index follows from
 * there, as with every assessment; what is in the PACS already is not written again.
 */
export async function importLabels(rows: readonly LabelRow[], reader: Reader, tools: ImportLabelsPorts): Promise<ImportedLabels> {
  const refused: ImportedLabels['refused'][number][] = [];
  const studies = new Map<
    StudyInstanceUID,
    { readonly line: number; readonly findings: Map<string, LabelRow['findings'][number]['decision']> }
  >();
  for (const row of rows) {
    try {
      const uid = await studyOf(row, tools);
      const study = studies.get(uid) ?? { line: row.line, findings: new Map() };
      studies.set(uid, study);
      for (const { name, decision } of row.findings) {
        if ((study.findings.get(name) ?? decision) !== decision)
          throw new Fault('dataset-invalid', `expected one decision on ${name}, found two that contradict each other`);
        study.findings.set(name, decision);
      }
    } catch (error) {
      refused.push(refusal(row.line, error));
    }
  }
  let stored = 0;
  let known = 0;
  for (const [studyInstanceUID, { line, findings }] of studies) {
    if (findings.size === 0) continue;
    try {
      const recorded = await recordAssessment(
        { studyInstanceUID, reader, findings: [...findings].map(([name, decision]) => ({ name, decision })), origin: 'csv' },
        tools,
      );
      if (recorded.stored) stored++;
      else known++;
    } catch (error) {
      refused.push(refusal(line, error));
    }
  }
  return { stored, known, refused };
}

async function studyOf({ study }: LabelRow, tools: ImportLabelsPorts): Promise<StudyInstanceUID> {
  if ('studyInstanceUID' in study) {
    if (!isUsableUid(study.studyInstanceUID)) throw new Fault('dataset-invalid', 'expected a Study Instance UID, found something else');
    return study.studyInstanceUID as StudyInstanceUID;
  }
  // An asterisk or question mark would match what was not meant (PS3.4 C.2.2.2.4).
  if (/[*?\\]/.test(study.accessionNumber)) throw new Fault('dataset-invalid', 'expected an Accession Number without * ? and backslash');
  const found = await tools.searchForStudies({ AccessionNumber: study.accessionNumber }, { limit: 2 });
  if (found.length !== 1)
    throw new Fault(
      found.length === 0 ? 'pacs-not-found' : 'study-ambiguous',
      `expected one study of that Accession Number, found ${found.length === 0 ? 'none' : 'several'}`,
    );
  return (textOf(found[0]!, 'StudyInstanceUID') ?? '') as StudyInstanceUID;
}

/** What can pass is no refusal of the row: the whole import is tried again. */
function refusal(line: number, error: unknown): ImportedLabels['refused'][number] {
  if (!(error instanceof Fault) || error.retryable) throw error;
  return { line, code: error.code, reason: error.detail };
}
