import { createHmac } from 'node:crypto';
import { textOf, type DataSet } from '../dicom/data-set.js';
import { matchesPattern } from '../routing/match.js';

/** The site of an image that states neither institution nor station. */
const unknownSite = 'unknown';

/**
 * The site of an image, for figures, log and alarms: the name that the configuration gives to its Institution Name or Station Name,
 * else a keyed hash of one of them. The text from the header itself is never passed on.
 *
 * @param names patterns by site, as in routing rules; the first that matches is used
 * @param key of this installation
 */
export function siteOf(instance: DataSet, names: Readonly<Record<string, readonly string[]>>, key: Uint8Array): string {
  const stated = ['InstitutionName', 'StationName'].flatMap((keyword) => textOf(instance, keyword) ?? []);
  const named = Object.entries(names).find(([, patterns]) => patterns.some((pattern) => matchesPattern(pattern, stated)));
  if (named) return named[0];
  return stated[0] === undefined
    ? unknownSite
    : `site-${createHmac('sha256', key).update(stated[0].toUpperCase()).digest('hex').slice(0, 8)}`;
}
