import { textsOf, type DataSet } from '../dicom/data-set.js';

export interface SearchedValues {
  /** For the address. */
  readonly query: Readonly<Record<string, string>>;
  /** A wildcard stands for a part of a value: rows may come back that were not meant. */
  readonly isWider: boolean;
  /** Whether a row that comes back has the values that were searched for. */
  matches(row: DataSet): boolean;
}

/** Characters that stand in an address as they are (see pacsAddress). */
const unquoted = /[A-Za-z0-9_.!~*'(),:@/^-]/;

/**
 * Orthanc's DICOMweb plugin 1.7 does not decode quoted characters in the values of a search: "VAN%20DER" finds nobody. Runs
 * of such characters become the wildcard `*` (PS3.4 §C.2.2.2.4), and the rows that come back are compared with the value that was meant.
 */
export function searchedValues(query: Readonly<Record<string, string>>): SearchedValues {
  const meant = Object.entries(query).filter(([keyword, value]) => keyword !== 'includefield' && searchable(value) !== value);
  return {
    query: { ...query, ...Object.fromEntries(meant.map(([keyword, value]) => [keyword, searchable(value)])) },
    isWider: meant.length > 0,
    matches: (row) => meant.every(([keyword, value]) => textsOf(row, keyword).some((one) => isMatch(one, value))),
  };
}

const searchable = (value: string): string =>
  [...value]
    .map((one) => (unquoted.test(one) && !(one === '/' && value.includes('..')) ? one : '*'))
    .join('')
    .replace(/\*+/g, '*');

/** Wildcard matching without regard to case, as Orthanc does it; of a person's name each component group may match. */
function isMatch(text: string, pattern: string): boolean {
  const wanted = folded(pattern);
  return [text, ...text.split('=')].some((one) => matchesFrom(folded(one), wanted));
}

const folded = (text: string): string => text.normalize('NFC').toLocaleLowerCase('en').trim();

/** In time proportional to the product of both lengths: a pattern comes from people. */
function matchesFrom(text: string, pattern: string): boolean {
  let [at, of, star, mark] = [0, 0, -1, 0];
  while (at < text.length) {
    if (of < pattern.length && pattern[of] === '*') [star, mark] = [of++, at];
    else if (of < pattern.length && (pattern[of] === '?' || pattern[of] === text[at])) [at, of] = [at + 1, of + 1];
    else if (star >= 0) [of, at] = [star + 1, ++mark];
    else return false;
  }
  return [...pattern.slice(of)].every((one) => one === '*');
}
