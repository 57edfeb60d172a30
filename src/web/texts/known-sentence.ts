import { en, type TextKey } from './en.js';
import type { Language, Translate } from './languages.js';
import { localFigure } from './numbers.js';

interface Known {
  readonly key: TextKey;
  readonly pattern: RegExp;
  readonly names: readonly string[];
}

/** What may stand at a place: several sentences, or the name of one thing; elsewhere a part of one sentence. */
const placePatterns: Readonly<Record<string, string>> = { engines: '(.+)', name: '([\\w-]+)' };

/** The sentences of the service with the most words first, so that a special one is found before a general one. */
const known: readonly Known[] = Object.entries(en)
  .filter(([key]) => key.startsWith('sentence.'))
  .map(([key, text]) => {
    const names: string[] = [];
    const pattern = text
      .split(/(\{\w+\})/)
      .map((part) => {
        if (!/^\{\w+\}$/.test(part)) return part.replace(/[.*+?^$()[\]{}|\\]/g, '\\$&');
        names.push(part.slice(1, -1));
        return placePatterns[part.slice(1, -1)] ?? '([^;]*?)';
      })
      .join('');
    return { key: key as TextKey, pattern: new RegExp(`^${pattern}$`, 's'), names };
  })
  .sort((a, b) => wordsIn(b.key) - wordsIn(a.key));

function wordsIn(key: TextKey): number {
  return en[key].replace(/\{\w+\}/g, '').length;
}

/**
 * A sentence that the service writes in English, in the language of the page; with its parts between semicolons, and after the name of
 * an attribute ("modality: …").
 *
 * @returns undefined if it is none of those that the page knows: a text of another program, or of a person
 */
export function knownSentence(sentence: string, t: Translate, language: Language): string | undefined {
  for (const { key, pattern, names } of known) {
    const values = pattern.exec(sentence)?.slice(1);
    if (values) return t(key, Object.fromEntries(names.map((name, index) => [name, valueText(values[index]!, t, language)])));
  }
  const [, attribute, rest] = /^([\w.]+): (.+)$/s.exec(sentence) ?? [];
  const inner = rest === undefined ? undefined : knownSentence(rest, t, language);
  return inner === undefined ? undefined : `${attribute}: ${inner}`;
}

/** A value within a sentence: a figure, or several sentences of their own. */
function valueText(value: string, t: Translate, language: Language): string {
  if (/^\d+\.\d+$/.test(value)) return localFigure(value, language);
  return value
    .split('; ')
    .map((part) => knownSentence(part, t, language) ?? part)
    .join('; ');
}

/** A list in Markdown, each of its points by itself. @returns the text, and whether all of it is in the language of the page */
export function knownList(markdown: string, t: Translate, language: Language): { readonly text: string; readonly isWhole: boolean } {
  const points = markdown.split(/\n(?=- )/).map((point) => ({ point, found: knownSentence(point.replace(/^- /, '').trim(), t, language) }));
  return {
    text: points.map(({ point, found }) => (found === undefined ? point : `- ${found}`)).join('\n'),
    isWhole: points.every(({ found }) => found !== undefined),
  };
}
