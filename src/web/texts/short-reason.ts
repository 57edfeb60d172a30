import { isText } from './en.js';
import { faultMeaning } from './fault-text.js';
import type { Translate } from './languages.js';

/** The reason of a result without findings in one sentence. Of a study that no rule matches: what kind of study it is. */
export function shortReason(
  { code, reason = '' }: { readonly code?: string | undefined; readonly reason?: string | undefined },
  t: Translate,
): string {
  const key = `reason.${code ?? ''}`;
  if (isText(key)) return t(key);
  if (code !== 'no-rule') {
    // In English the details follow what the code means; in another language they are shown on demand.
    const meaning = faultMeaning(code, t);
    return meaning === undefined || reason.startsWith(meaning) ? reason : meaning;
  }
  const [, bodyPart] = /\bbodyPart is ([A-Z][A-Z ,]*), expected/.exec(reason) ?? [];
  return bodyPart ? t('reason.notChest', { bodyPart }) : t('reason.noRule');
}
