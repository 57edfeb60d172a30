import { parse } from 'csv-parse/sync';
import { Fault } from '../errors.js';

/** UTF-8, else what spreadsheets in the West write. */
export function decodeText(bytes: Uint8Array): { text: string; encoding: 'utf-8' | 'windows-1252' } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), encoding: 'utf-8' };
  } catch {
    return { text: new TextDecoder('windows-1252').decode(bytes), encoding: 'windows-1252' };
  }
}

/**
 * Comma-separated values: quoted cells with commas, quotes and line breaks in them, rows of any length, empty rows left out.
 *
 * @returns each row with its line of the file, 1-based
 * @throws Fault dataset-invalid if it is none
 */
export function parseCells(text: string, source: string): { readonly line: number; readonly cells: readonly string[] }[] {
  try {
    // the parser counts a line break of two characters inside quotes as two lines
    const records = parse(text.replace(/\r\n?/g, '\n'), {
      bom: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
    });
    return (records as unknown as { record: string[]; info: { lines: number } }[]).map(({ record, info }) => ({
      line: info.lines,
      cells: record,
    }));
  } catch (cause) {
    throw new Fault(
      'dataset-invalid',
      `expected comma-separated values: ${cause instanceof Error ? cause.message : String(cause)}`,
      { source },
      { cause },
    );
  }
}
