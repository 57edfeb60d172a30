import { createHmac } from 'node:crypto';
import { textOf, type DataSet } from '../dicom/data-set.js';
import { matchesPattern } from '../routing/match.js';

/** Of an image that says nothing of where it comes from. */
export const unknownSite = 'unknown';

/**
 * The site of an image, for figures, log and alarms: the name that the configuration gives to its Institution Name or Station
 * Name, else a keyed hash of the one, else of the other. What somebody typed there is not passed on.
 *
 * @param names patterns by site, as in routing rules; the first that fits
 * @param key of this installation
 */
export function siteOf(instance: DataSet, names: Readonly<Record<string, readonly string[]>>, key: Uint8Array): string {
  const said = ['InstitutionName', 'StationName'].flatMap((keyword) => textOf(instance, keyword) ?? []);
  const named = Object.entries(names).find(([, patterns]) => patterns.some((pattern) => matchesPattern(pattern, said)));
  if (named) return named[0];
  return said[0] === undefined ? unknownSite : `site-${createHmac('sha256', key).update(said[0].toUpperCase()).digest('hex').slice(0, 8)}`;
}
