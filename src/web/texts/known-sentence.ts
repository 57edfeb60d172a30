import { en, isText, type TextKey } from './en.js';
import { faultSentence } from './fault-text.js';
import { outputText } from './finding-name.js';
import type { Language, Translate } from './languages.js';
import { localFigure } from './numbers.js';

interface Known {
  readonly key: TextKey;
  readonly pattern: RegExp;
  readonly names: readonly string[];
}

/** What may stand at a place; elsewhere a part of one sentence. Strict where a sentence that is not known would else be taken for one. */
const figure = '(-?\\d+(?:\\.\\d+)?(?:e[+-]\\d+)?)';
const count = '(\\d+)';
const anything = '(.+?)';
const placePatterns: Readonly<Record<string, string>> = {
  engines: anything,
  name: '([\\w-]+)',
  finding: '([^\\s,;:()`]+?)',
  lost: '([^;.]+?)',
  criteria: '([\\w, -]+?)',
  reason: anything,
  why: anything,
  detail: anything,
  short: anything,
  value: figure,
  low: figure,
  high: figure,
  loss: figure,
  bound: figure,
  before: figure,
  index: figure,
  chance: figure,
  n: '(-?\\d+)',
  minimum: count,
  nReference: count,
  confirmed: count,
  confirmedBefore: count,
  nBefore: count,
  absent: count,
};

/** Values that are no sentences and no figures. In English the service's own sentence stays as it is. */
const placeTexts: Readonly<Record<string, (value: string, t: Translate, language: Language) => string>> = {
  finding: outputText,
  lost: (value, t) => listText(value, (one) => outputText(one, t)),
  criteria: (value, t) => listText(value, (one) => criterionText(one, t)),
  signs: (value, t, language) => listText(value, (one) => valueText(one, t, language)),
  counts: (value, t, language) => listText(value, (one) => valueText(one, t, language)),
};

const sentences = knownBy('sentence.');
/** What stands within a sentence only: as a sentence of its own it may be of a person. */
const parts = knownBy('sentencePart.');

/** The texts with the most words first, so that a special one is found before a general one. */
function knownBy(prefix: string): readonly Known[] {
  return Object.entries(en)
    .filter(([key]) => key.startsWith(prefix))
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
}

function wordsIn(key: TextKey): number {
  return en[key].replace(/\{\w+\}/g, '').length;
}

/**
 * A sentence that the service writes in English, or several in a row, in the language of the page; with its parts between semicolons, and
 * after the name of an attribute ("modality: …"). Of a fault only what its code means.
 *
 * @returns undefined if one is none of those that the page knows: a text of another program, or of a person
 */
export function knownSentence(sentence: string, t: Translate, language: Language): string | undefined {
  const found = textBy(sentences, sentence, t, language);
  if (found !== undefined) return found;
  const [, attribute, rest] = /^([\w.]+): (.+)$/s.exec(sentence) ?? [];
  const inner = rest === undefined ? undefined : knownSentence(rest, t, language);
  return inner === undefined ? (severalSentences(sentence, t, language) ?? faultSentence(sentence, t)) : `${attribute}: ${inner}`;
}

/** A group of images that the promotion gate examines, e.g. "view AP, the worst of 2 views". @returns others as they are */
export function imageGroupText(group: string, t: Translate, language: Language): string {
  return textBy(parts, group, t, language) ?? group;
}

/** Who requested a change of the models: an account, or a part of the service, e.g. "schedule". */
export function actorText(actor: string, t: Translate): string {
  const key = (['actorName.schedule', 'actorName.commandLine', 'actorName.service'] as const).find((one) => en[one] === actor);
  return key === undefined ? actor : t(key);
}

function severalSentences(text: string, t: Translate, language: Language): string | undefined {
  for (const { index } of text.matchAll(/(?<=\.) (?=[A-Z\d])/g)) {
    const first = textBy(sentences, text.slice(0, index), t, language);
    const others = first === undefined ? undefined : knownSentence(text.slice(index + 1), t, language);
    if (others !== undefined) return `${first} ${others}`;
  }
  return undefined;
}

function textBy(known: readonly Known[], text: string, t: Translate, language: Language): string | undefined {
  for (const { key, pattern, names } of known) {
    const values = pattern.exec(text)?.slice(1);
    if (values) return t(key, Object.fromEntries(names.map((name, index) => [name, textAt(name, values[index]!, t, language)])));
  }
  return undefined;
}

function textAt(place: string, value: string, t: Translate, language: Language): string {
  const text = language === 'en' ? undefined : placeTexts[place];
  return text ? text(value, t, language) : valueText(value, t, language);
}

/** A value within a sentence: a figure, a part, or several parts or sentences of their own. */
function valueText(value: string, t: Translate, language: Language): string {
  if (/^-?\d+\.\d+(e[+-]\d+)?$/.test(value)) return localFigure(value, language);
  const part = textBy(parts, value, t, language) ?? faultSentence(value, t);
  if (part !== undefined) return part;
  return value
    .split('; ')
    .map((one) => textBy(parts, one, t, language) ?? knownSentence(one, t, language) ?? one)
    .join('; ');
}

function listText(list: string, textOf: (one: string) => string): string {
  return list.split(', ').map(textOf).join(', ');
}

/** A criterion of the promotion gate by its name; one of another release as it is. */
function criterionText(name: string, t: Translate): string {
  const key = `criterionName.${name}`;
  return isText(key) ? t(key) : name;
}

/** A list in Markdown, each of its points by itself. @returns the text, and whether all of it is in the language of the page */
export function knownList(markdown: string, t: Translate, language: Language): { readonly text: string; readonly isWhole: boolean } {
  const points = markdown.split(/\n(?=- )/).map((point) => ({ point, found: knownSentence(point.replace(/^- /, '').trim(), t, language) }));
  return {
    text: points.map(({ point, found }) => (found === undefined ? point : `- ${found}`)).join('\n'),
    isWhole: points.every(({ found }) => found !== undefined),
  };
}
