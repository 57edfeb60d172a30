import { ApiFault } from './api.js';
import { faultSentence } from './texts/fault-text.js';
import type { Translate } from './texts/languages.js';

/** A sentence that a person understands. */
export function sentenceOf(error: unknown, t: Translate): string {
  if (!(error instanceof ApiFault)) return t('app.failed');
  if (error.status === 0) return t('app.unreachable');
  if (error.code === 'request-refused') return t('app.forbidden');
  return faultSentence(error.message, t) ?? (error.message || t('app.failed'));
}
