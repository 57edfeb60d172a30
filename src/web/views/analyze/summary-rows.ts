import type { AnalyzedFinding, AnalyzedImage, Outcome } from '../../../server/page-types.js';
import { csvLine } from '../../../lib/csv-line.js';
import { sortedByImportance } from '../../finding-order.js';
import type { QueuedUpload, UploadState } from './upload-queue.js';

/** One line of the summary: a study or picture of an upload, or an upload without a result yet. */
export interface SummaryRow {
  readonly key: string;
  readonly upload: QueuedUpload;
  /** Place in the analysis; undefined without a result. */
  readonly index?: number;
  readonly path: string;
  readonly outcome: Outcome | Exclude<UploadState['kind'], 'analyzed' | 'refused'>;
  readonly code?: string;
  readonly reason: string;
  readonly findings: readonly AnalyzedFinding[];
  /** The most important finding. */
  readonly top?: AnalyzedFinding;
  readonly model?: string;
  readonly engine?: string;
}

/** @param sentenceOf what a refused upload says */
export function rowsOf(upload: QueuedUpload, sentenceOf: (error: unknown) => string): readonly SummaryRow[] {
  const { id, path, state } = upload;
  if (state.kind === 'refused')
    return [{ key: String(id), upload, path, outcome: 'failed', reason: sentenceOf(state.error), findings: [] }];
  if (state.kind !== 'analyzed') return [{ key: String(id), upload, path, outcome: state.kind, reason: '', findings: [] }];
  const { images, model, engine } = state.analysis;
  return images.map((image, index) => ({
    key: `${id}.${index}`,
    upload,
    index,
    path: images.length === 1 ? path : `${path}: ${image.title}`,
    outcome: image.outcome,
    ...(image.code === undefined ? {} : { code: image.code }),
    reason: image.reason ?? '',
    findings: image.findings,
    ...topOf(image),
    model: model.version,
    engine,
  }));
}

function topOf({ findings }: AnalyzedImage): { readonly top?: AnalyzedFinding } {
  const [top] = sortedByImportance(findings);
  return top ? { top } : {};
}

/** Names of all findings in the rows with their meanings, in the order in which they came. */
export function findingColumns(rows: readonly SummaryRow[]): ReadonlyMap<string, string> {
  const columns = new Map<string, string>();
  for (const { findings } of rows) for (const { name, meaning } of findings) if (!columns.has(name)) columns.set(name, meaning);
  return columns;
}

/** `finding NAME` sorts by the probability of one finding. */
export type SortColumn = 'path' | 'outcome' | 'top' | 'decision' | 'reason' | `finding ${string}`;

export interface SortOrder {
  readonly column: SortColumn;
  readonly descending: boolean;
}

const decisions = ['absent', 'undetermined', 'present'];

/** Rows without a value come last in both directions; rows that are equal stay in the order in which they were added. */
export function sortedRows(rows: readonly SummaryRow[], { column, descending }: SortOrder): readonly SummaryRow[] {
  const valued = rows.map((row) => ({ row, value: sortValue(row, column) }));
  const direction = descending ? -1 : 1;
  return valued
    .sort(({ value: a }, { value: b }) => {
      if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
      if (typeof a === 'number' && typeof b === 'number') return direction * (a - b);
      return direction * collator.compare(String(a), String(b));
    })
    .map(({ row }) => row);
}

/** "slice 2" before "slice 10". */
const collator = new Intl.Collator(undefined, { numeric: true });

function sortValue({ path, outcome, top, reason, findings }: SummaryRow, column: SortColumn): string | number | undefined {
  if (column === 'path') return path;
  if (column === 'outcome') return outcome;
  if (column === 'top') return top?.meaning;
  if (column === 'decision') return top && decisions.indexOf(top.decision);
  if (column === 'reason') return reason === '' ? undefined : reason;
  return findings.find(({ name }) => `finding ${name}` === column)?.probability;
}

/** Header and one record per row, as `chest-ai analyze --format csv` writes them. */
export function summaryCsv(rows: readonly SummaryRow[]): string {
  const names = [...findingColumns(rows).keys()];
  const header = [
    'file',
    'outcome',
    'reason',
    ...names.flatMap((name) => [`${name} probability`, `${name} decision`]),
    'engine',
    'modelVersion',
  ];
  const lines = rows.map(({ path, outcome, reason, findings, engine = '', model = '' }) =>
    csvLine([
      path,
      outcome,
      reason,
      ...names.flatMap((name) => {
        const found = findings.find((one) => one.name === name);
        return found ? [found.probability.toFixed(6), found.decision] : ['', ''];
      }),
      engine,
      model,
    ]),
  );
  return `${[csvLine(header), ...lines].join('\r\n')}\r\n`;
}

/** The results without pictures, as one JSON array. */
export function summaryJson(rows: readonly SummaryRow[]): string {
  const objects = rows.map(({ path, outcome, code, reason, findings, engine, model }) => ({
    file: path,
    outcome,
    ...(code === undefined ? {} : { code }),
    ...(reason === '' ? {} : { reason }),
    findings: findings.map(({ name, meaning, probability, decision, absentBelow, presentFrom }) => ({
      name,
      meaning,
      probability,
      decision,
      absentBelow,
      presentFrom,
    })),
    engine,
    modelVersion: model,
  }));
  return `${JSON.stringify(objects, undefined, 2)}\n`;
}
