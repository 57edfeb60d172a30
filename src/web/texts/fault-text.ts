import { en, isText, type TextKey } from './en.js';
import type { Translate } from './languages.js';

const faults = Object.entries(en).filter(([key]) => key.startsWith('fault.')) as unknown as readonly (readonly [TextKey, string])[];

/** What the code of a fault means, in the language of the page. @returns undefined of any other code */
export function faultMeaning(code: string | undefined, t: Translate): string | undefined {
  const key = `fault.${code ?? ''}`;
  return isText(key) ? t(key) : undefined;
}

/**
 * The sentence of a fault with its meaning in the language of the page. The details of the case stay in English.
 *
 * @returns undefined if it is the sentence of no fault
 */
export function faultSentence(message: string, t: Translate): string | undefined {
  const found = faults.find(([, text]) => message.startsWith(`${text}: `));
  return found && t('faultDetails', { meaning: t(found[0]), details: message.slice(found[1].length + 2) });
}
