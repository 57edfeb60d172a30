import { codes } from './codes.js';
import { code, type ContentItem } from './content-item.js';

/** TID 1204 Language of Content Item and Descendants (PS3.16): our sentences are English. */
export function languageOfContent(): readonly ContentItem[] {
  return [code('HAS CONCEPT MOD', codes.language, codes.english)];
}
