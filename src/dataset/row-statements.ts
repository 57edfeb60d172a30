import { Fault } from '../errors.js';
import { labelOrigins, type LabelOrigin } from '../lib/label-origin.js';
import type { LabelKind } from './example.js';
import { isNormal, labelsOf } from './finding-labels.js';
import type { ManifestEntry } from './manifest.js';
import type { MetadataRow } from './metadata-csv.js';
import { slugOf } from './slug.js';

/** What a row of a list states about an image besides file and patient. */
export type RowStatements = Pick<ManifestEntry, 'labels' | 'absent' | 'origins' | 'age' | 'devices'>;

const yes: ReadonlySet<string> = new Set(['yes', 'true', '1', 'present']);
const no: ReadonlySet<string> = new Set(['no', 'false', '0', 'absent']);

/**
 * - `absent`: findings joined by bars. Where the list has this column, an unnamed finding is unknown, and `No Finding` states that all
 *   are absent.
 * - `origin`: one of adjudicated, radiologist, mined, report for all statements of the row; or, joined by bars, `Mass=radiologist|mined`:
 *   an origin for one finding, and that of all others.
 *
 * @returns undefined if the row has no label
 * @throws Fault dataset-invalid naming line and column
 */
export function statementsOf(row: MetadataRow, kind: LabelKind, source: string): RowStatements | undefined {
  const labels = labelsOf(row.finding, kind);
  const absent = row.absent === undefined ? undefined : absentOf(row, kind, source);
  if (labels === undefined && (absent === undefined || absent.length === 0)) return undefined;
  const named = [...(labels ?? []), ...(absent ?? [])];
  const both = labels?.find((label) => absent?.includes(label));
  if (both !== undefined) throw fault(row, 'absent', `a finding that the row does not name as present too`, both, source);
  const origins = originsOf(row, named, source);
  const age = ageOf(row);
  const devices = devicesOf(row, source);
  return {
    labels: labels ?? [],
    ...(absent ? { absent } : {}),
    ...(Object.keys(origins).length > 0 ? { origins } : {}),
    ...(age === undefined ? {} : { age }),
    ...(devices === undefined ? {} : { devices }),
  };
}

function absentOf(row: MetadataRow, kind: LabelKind, source: string): readonly string[] {
  if (kind === 'one-of-many') {
    if (row.absent !== '') throw fault(row, 'absent', 'an empty cell, because each image has exactly one class', row.absent!, source);
    return [];
  }
  const absent = labelsOf(row.absent!, kind) ?? [];
  return [...new Set([...absent, ...(isNormal(row.finding) ? ['abnormal'] : [])])].sort();
}

function originsOf(row: MetadataRow, named: readonly string[], source: string): Readonly<Record<string, LabelOrigin>> {
  const cells = row.origin
    .split('|')
    .map((cell) => cell.trim())
    .filter((cell) => cell !== '');
  const origins: Record<string, LabelOrigin> = {};
  for (const cell of [...cells].sort((one, other) => Number(one.includes('=')) - Number(other.includes('=')))) {
    const [, finding, word] = /^(?:(.*)=)?\s*([^=]*)$/.exec(cell) ?? [];
    const origin = labelOrigins.find((one) => one === word?.trim().toLowerCase());
    if (!origin) throw fault(row, 'origin', `one of ${labelOrigins.join(', ')}`, cell, source);
    // the statement "normal" is kept as: nothing abnormal
    const slug = finding === undefined ? undefined : isNormal(finding) ? 'abnormal' : slugOf(finding);
    if (slug !== undefined && !named.includes(slug)) throw fault(row, 'origin', 'a finding that the row names', cell, source);
    for (const name of slug === undefined ? named : [slug]) origins[name] = origin;
  }
  return origins;
}

/** In years; DICOM's `045Y` and `008M` too. A cell of another form states no age. */
function ageOf({ age }: MetadataRow): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([YMWD]?)$/i.exec(age) ?? [];
  if (number === undefined) return undefined;
  const years = Number(number) / { Y: 1, M: 12, W: 52.18, D: 365.25 }[(unit || 'Y').toUpperCase() as 'Y' | 'M' | 'W' | 'D'];
  return years <= 130 ? Math.round(years * 100) / 100 : undefined;
}

function devicesOf(row: MetadataRow, source: string): boolean | undefined {
  const word = row.devices.toLowerCase();
  if (word === '') return undefined;
  if (!yes.has(word) && !no.has(word)) throw fault(row, 'devices', 'yes, no or an empty cell', row.devices, source);
  return yes.has(word);
}

function fault({ line }: MetadataRow, column: string, expected: string, found: string, source: string): Fault {
  return new Fault('dataset-invalid', `line ${line}, column ${column}: expected ${expected}, found "${found.slice(0, 60)}"`, { source });
}
