import { Fault } from '../errors.js';
import { decodeText, parseCells } from './csv-cells.js';
import { slugOf } from './slug.js';

/** The labels of one study in one row of a list. */
export interface LabelCsvRow {
  /** Line of the file, 1-based, for messages: an accession number is the patient's. */
  readonly line: number;
  readonly study: { readonly studyInstanceUID: string } | { readonly accessionNumber: string };
  readonly findings: readonly { readonly name: string; readonly decision: 'present' | 'absent' | 'undetermined' }[];
}

const studyHeadings = ['studyinstanceuid', 'studyuid', 'study'];
const accessionHeadings = ['accessionnumber', 'accession'];
const words: Readonly<Record<string, LabelCsvRow['findings'][number]['decision']>> = {
  present: 'present',
  yes: 'present',
  true: 'present',
  positive: 'present',
  1: 'present',
  absent: 'absent',
  no: 'absent',
  false: 'absent',
  negative: 'absent',
  0: 'absent',
  undetermined: 'undetermined',
  uncertain: 'undetermined',
  '-1': 'undetermined',
};

/**
 * Reads a list of labels of studies, which are identified by Study Instance UID or Accession Number. Long: columns `finding` and
 * `decision` (present if there is none), one row a finding. Wide: a column for each finding, empty where the label is not known.
 *
 * @param findings the names that may occur, those of config/findings.json
 * @throws Fault dataset-invalid naming the column, or line and column; every mistake at once, ten at most
 */
export function readLabelCsv(bytes: Uint8Array, source: string, findings: readonly string[]): readonly LabelCsvRow[] {
  const [heading, ...lines] = parseCells(decodeText(bytes).text, source);
  const names = (heading?.cells ?? []).map((cell) => cell.trim());
  const plain = names.map((name) => name.toLowerCase().replace(/[^a-z0-9]/g, ''));
  const placeOf = (headings: readonly string[]): number => plain.findIndex((name) => headings.includes(name));
  const [study, accession, finding, decision] = [
    placeOf(studyHeadings),
    placeOf(accessionHeadings),
    placeOf(['finding', 'label']),
    placeOf(['decision', 'value']),
  ];
  const wide = names.flatMap((name, index) => (findings.includes(slugOf(name)) ? [{ name: slugOf(name), index }] : []));
  if (study < 0 && accession < 0) throw fault('expected a column StudyInstanceUID or AccessionNumber', names, source);
  if (finding < 0 && wide.length === 0)
    throw fault('expected a column finding, or columns named like findings in config/findings.json', names, source);
  if (lines.length === 0) throw new Fault('dataset-invalid', 'expected at least one row below the heading, found none', { source });

  const mistakes: string[] = [];
  const rows = lines.flatMap(({ line, cells }): readonly LabelCsvRow[] => {
    const cell = (index: number): string => (index < 0 ? '' : (cells[index] ?? '').trim());
    const uid = cell(study);
    const number = cell(accession);
    if (uid === '' && number === '') mistakes.push(`line ${line}: expected a study, found an empty cell`);
    const decided = (text: string, column: string): LabelCsvRow['findings'][number]['decision'] => {
      const known = words[text.toLowerCase()];
      if (known === undefined) mistakes.push(`line ${line}, ${column}: expected present, absent or undetermined, found something else`);
      return known ?? 'undetermined';
    };
    const labels =
      finding >= 0
        ? [{ name: slugOf(cell(finding)), decision: decision < 0 ? ('present' as const) : decided(cell(decision), 'decision') }]
        : wide.flatMap(({ name, index }) => (cell(index) === '' ? [] : [{ name, decision: decided(cell(index), name) }]));
    for (const { name } of labels)
      if (!findings.includes(name)) mistakes.push(`line ${line}: expected a finding of config/findings.json, found "${name.slice(0, 40)}"`);
    return labels.length === 0
      ? []
      : [{ line, study: uid !== '' ? { studyInstanceUID: uid } : { accessionNumber: number }, findings: labels }];
  });
  if (mistakes.length > 0)
    throw new Fault(
      'dataset-invalid',
      `${mistakes.slice(0, 10).join('; ')}${mistakes.length > 10 ? `; and ${mistakes.length - 10} more` : ''}`,
      { source },
    );
  return rows;
}

function fault(expected: string, found: readonly string[], source: string): Fault {
  return new Fault('dataset-invalid', `${expected}, found ${found.map((one) => `"${one.slice(0, 40)}"`).join(', ') || 'none'}`, { source });
}
