import { searchText } from '../audit/search-text.js';
import { attributeOfKey, attributeOfTag } from '../dicom/dictionary.js';
import { isUid } from '../dicom/uid.js';
import type { AuditSubject } from '../store/audit-entries.js';

/** Parameters of PS3.18 that are no attributes (8.3.4, 8.3.5, 10.4). */
const parameters = new Set([
  'limit',
  'offset',
  'includefield',
  'fuzzymatching',
  'emptyvaluematching',
  'multiplevaluematching',
  'accept',
  'charset',
  'annotation',
  'quality',
  'viewport',
  'window',
  'iccprofile',
  'transfersyntax',
  'frame',
]);
const attributePath = /^([A-Z][A-Za-z0-9]{1,63}|[0-9A-Fa-f]{8})(\.([A-Z][A-Za-z0-9]{1,63}|[0-9A-Fa-f]{8})){0,5}$/;

/**
 * The query of a request of a viewer, without every name that is no attribute or parameter of PS3.18. Orthanc would take some of these for
 * commands (`_method`).
 */
export function viewerQuery(text: string): URLSearchParams {
  return new URLSearchParams(
    [...new URLSearchParams(text)].filter(([name]) => parameters.has(name.toLowerCase()) || attributePath.test(name)),
  );
}

/** A keyed hash of the text of a search, the same on this installation at each search. */
export type Fingerprint = (text: string) => Promise<string>;

/**
 * The subject of an audit entry for a search: UIDs as they are, of every other attribute its keyword and a keyed hash of its value. An
 * administrator who knows a value can find the searches for it (`audit fingerprint`); the log itself names no patient.
 */
export async function searchSubject(level: string, query: URLSearchParams, fingerprint: Fingerprint): Promise<AuditSubject> {
  const searched: string[] = [];
  const numbers: Record<string, number> = {};
  for (const [name, value] of [...query].slice(0, 50)) {
    if (name === 'limit' || name === 'offset') {
      if (/^\d{1,9}$/.test(value)) numbers[name] = Number(value);
      continue;
    }
    if (parameters.has(name.toLowerCase()) || value === '') continue;
    const keyword = keywordOf(name);
    const values = value.split(/[,\\]/);
    searched.push(
      values.every(isUid) ? `${keyword}=${values.slice(0, 100).join(',')}` : `${keyword}#${await fingerprint(searchText(keyword, value))}`,
    );
  }
  return { level, ...(searched.length > 0 ? { searched: searched.sort() } : {}), ...numbers };
}

/** A name that is no keyword of DICOM may be anything, even a patient's name: it is recorded as `other`. */
function keywordOf(name: string): string {
  const known = name
    .split('.')
    .map((part) =>
      /^[0-9A-Fa-f]{8}$/.test(part)
        ? (attributeOfTag(Number.parseInt(part, 16))?.keyword ?? part.toUpperCase())
        : attributeOfKey(part)?.keyword,
    );
  return known.includes(undefined) ? 'other' : known.join('.');
}
