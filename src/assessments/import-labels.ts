import { textOf, type DataSet } from '../dicom/data-set.js';
import { isUsableUid, type StudyInstanceUID } from '../dicom/uid.js';
import type { LabelCsvRow } from '../dataset/label-csv.js';
import { Fault } from '../errors.js';
import type { Reader } from '../sr/assessment-content.js';
import { recordAssessment } from './assessment-story.js';
import type { RecordPorts } from './ports.js';

export interface ImportLabelsPorts extends RecordPorts {
  /** QIDO-RS study search. */
  searchForStudies(query: Readonly<Record<string, string>>, page: { readonly limit: number }): Promise<readonly DataSet[]>;
}

export interface ImportedLabels {
  /** Studies whose assessment was stored. */
  readonly stored: number;
  /** Studies whose assessment the PACS already contained. */
  readonly known: number;
  /** Rows that were refused, by line; accession numbers are not repeated. */
  readonly refused: readonly { readonly line: number; readonly code: string; readonly reason: string }[];
}

/**
 * Rows of a label list → one assessment per study in the PACS, in the name of the reader who made the list. The service indexes them
 * as it does with every assessment in the PACS. An assessment that the PACS already contains is not written again.
 */
export async function importLabels(rows: readonly LabelCsvRow[], reader: Reader, ports: ImportLabelsPorts): Promise<ImportedLabels> {
  const refused: ImportedLabels['refused'][number][] = [];
  const studies = new Map<
    StudyInstanceUID,
    { readonly line: number; readonly findings: Map<string, LabelCsvRow['findings'][number]['decision']> }
  >();
  for (const row of rows) {
    try {
      const uid = await studyOf(row, ports);
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
        ports,
      );
      if (recorded.stored) stored++;
      else known++;
    } catch (error) {
      refused.push(refusal(line, error));
    }
  }
  return { stored, known, refused };
}

async function studyOf({ study }: LabelCsvRow, ports: ImportLabelsPorts): Promise<StudyInstanceUID> {
  if ('studyInstanceUID' in study) {
    if (!isUsableUid(study.studyInstanceUID)) throw new Fault('dataset-invalid', 'expected a Study Instance UID, found something else');
    return study.studyInstanceUID as StudyInstanceUID;
  }
  // An asterisk or question mark would match other accession numbers (PS3.4 C.2.2.2.4).
  if (/[*?\\]/.test(study.accessionNumber)) throw new Fault('dataset-invalid', 'expected an Accession Number without * ? and backslash');
  const found = await ports.searchForStudies({ AccessionNumber: study.accessionNumber }, { limit: 2 });
  if (found.length !== 1)
    throw new Fault(
      found.length === 0 ? 'pacs-not-found' : 'study-ambiguous',
      `expected one study of that Accession Number, found ${found.length === 0 ? 'none' : 'several'}`,
    );
  return (textOf(found[0]!, 'StudyInstanceUID') ?? '') as StudyInstanceUID;
}

/** A fault that can pass does not refuse the row: it ends the import, which can be repeated. */
function refusal(line: number, error: unknown): ImportedLabels['refused'][number] {
  if (!(error instanceof Fault) || error.retryable) throw error;
  return { line, code: error.code, reason: error.detail };
}
