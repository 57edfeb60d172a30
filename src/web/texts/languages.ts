import { de } from './de.js';
import { en, type TextKey } from './en.js';

const languages = { en, de } as const;
export type Language = keyof typeof languages;
export const languageNames: Readonly<Record<Language, string>> = { en: 'English', de: 'Deutsch' };

export type Translate = (key: TextKey, values?: Readonly<Record<string, string | number>>) => string;

const storageKey = 'chest-ai-language';

export function translator(language: Language): Translate {
  return (key, values = {}) => languages[language][key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
}

/** The language chosen last in this browser, else the browser's own. */
export function firstLanguage(): Language {
  const wanted = localStorage.getItem(storageKey) ?? navigator.language.slice(0, 2);
  return wanted === 'de' ? 'de' : 'en';
}

export function storeLanguage(language: Language): void {
  localStorage.setItem(storageKey, language);
}

export function isText(key: string): key is TextKey {
  return Object.hasOwn(en, key);
}
