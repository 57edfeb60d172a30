import { Fault } from '../errors.js';
import { decodeText, parseCells } from './csv-cells.js';

/** A row of the list of images, as far as it is of use. */
export interface MetadataRow {
  /** Line of the file, 1-based, that the row ends on: for messages. */
  readonly line: number;
  readonly patient: string;
  readonly finding: string;
  readonly filename: string;
  readonly view: string;
  readonly source: string;
  /** Undefined if the list has no such column: then every finding that is not named is absent. */
  readonly absent: string | undefined;
  readonly origin: string;
  readonly age: string;
  readonly devices: string;
}

export interface Metadata {
  readonly rows: readonly MetadataRow[];
  /** Lines with more or fewer cells than the heading; their needed columns are used. */
  readonly strayLines: readonly number[];
  readonly encoding: 'utf-8' | 'windows-1252';
}

export const metadataColumns = ['patient', 'finding', 'filename', 'view', 'source', 'absent', 'origin', 'age', 'devices'] as const;

type Column = (typeof metadataColumns)[number];

/** Headings by which a column goes in published lists (covid-chestxray-dataset, NIH ChestX-ray14, PadChest, CheXpert …). */
const headings: Readonly<Record<Column, readonly string[]>> = {
  patient: ['patientid', 'patient', 'subjectid', 'subject'],
  finding: ['finding', 'findings', 'findinglabels', 'label', 'labels', 'class', 'diagnosis'],
  filename: ['filename', 'file', 'imageindex', 'image', 'imageid', 'path'],
  view: ['view', 'viewposition', 'projection'],
  source: ['source', 'dataset', 'site', 'hospital'],
  absent: ['absent', 'absentfindings'],
  origin: ['origin', 'labelorigin'],
  age: ['age', 'patientage'],
  devices: ['devices', 'supportdevices'],
};
const needed: readonly Column[] = ['finding', 'filename'];

/**
 * Reads a list of images with their findings: UTF-8 with or without byte-order mark (else Windows-1252), quoted cells with commas,
 * quotes and line breaks in them, rows with more or fewer cells than the heading.
 *
 * @param columns headings of this file that go by other names, for example `{ finding: 'Dx' }`
 * @throws Fault dataset-invalid if the file is no CSV, or lacks a column that is needed
 */
export function readMetadataCsv(bytes: Uint8Array, source: string, columns: Partial<Record<Column, string>> = {}): Metadata {
  const { text, encoding } = decodeText(bytes);
  const lines = parseCells(text, source);
  const heading = lines[0]?.cells.map((cell) => cell.trim());
  if (!heading || lines.length < 2)
    throw new Fault('dataset-invalid', `expected a heading and at least one row, found ${lines.length} lines`, { source });
  const places = Object.fromEntries(metadataColumns.map((column) => [column, placeOf(column, heading, columns[column], source)])) as Record<
    Column,
    number
  >;
  const cell = (cells: readonly string[], column: Column): string => (cells[places[column]] ?? '').trim();
  const rows = lines.slice(1).map(({ line, cells }) => ({
    line,
    patient: cell(cells, 'patient'),
    finding: cell(cells, 'finding'),
    filename: cell(cells, 'filename'),
    view: cell(cells, 'view'),
    source: cell(cells, 'source'),
    absent: places.absent < 0 ? undefined : cell(cells, 'absent'),
    origin: cell(cells, 'origin'),
    age: cell(cells, 'age'),
    devices: cell(cells, 'devices'),
  }));
  const strayLines = lines
    .slice(1)
    .filter(({ cells }) => cells.length !== heading.length)
    .map(({ line }) => line);
  return { rows, strayLines, encoding };
}

/** @returns −1 for a column that is not there and need not be */
function placeOf(column: Column, heading: readonly string[], given: string | undefined, source: string): number {
  const names = given === undefined ? headings[column] : [plain(given)];
  // the order of names is that of trust: a list with both `label` and `finding` has its findings under `finding`
  const place = names.map((name) => heading.findIndex((one) => plain(one) === name)).find((index) => index >= 0) ?? -1;
  if (place < 0 && (given !== undefined || needed.includes(column))) {
    throw new Fault(
      'dataset-invalid',
      `expected a column ${given ?? `"${column}" (one of ${headings[column].join(', ')})`}, found ${heading.map((one) => `"${one}"`).join(', ')}`,
      { source },
    );
  }
  return place;
}

function plain(heading: string): string {
  return heading.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}
