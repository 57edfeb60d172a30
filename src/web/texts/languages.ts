import { en, type TextKey } from './en.js';

/** Code of a language of the page (ISO 639-1). Besides English each is one file of this folder, as de.json, with the same keys as en.ts. */
export type Language = string;
type Texts = Readonly<Record<TextKey, string>>;

export type Translate = (key: TextKey, values?: Readonly<Record<string, string | number>>) => string;

const files = import.meta.glob<{ readonly default: Texts }>('./*.json');

export const languageCodes: readonly Language[] = [
  'en',
  ...Object.keys(files)
    .map((path) => path.slice('./'.length, -'.json'.length))
    .sort(),
];

const storageKey = 'chest-ai-language';

/** What a language calls itself: "Deutsch", "Français". */
export function languageName(code: Language): string {
  const name = new Intl.DisplayNames(code, { type: 'language' }).of(code) ?? code;
  return name.charAt(0).toLocaleUpperCase(code) + name.slice(1);
}

/** English comes with the page, another language is loaded when it is chosen. */
export async function loadTranslate(language: Language): Promise<Translate> {
  const texts: Texts = (await files[`./${language}.json`]?.())?.default ?? en;
  return (key, values = {}) => texts[key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
}

/** The language chosen last in this browser, else the first of the browser's own that the page has, else English. */
export function firstLanguage(): Language {
  const stored = localStorage.getItem(storageKey);
  const wanted = [...(stored === null ? [] : [stored]), ...navigator.languages.map((one) => one.slice(0, 2))];
  return wanted.find((one) => languageCodes.includes(one)) ?? 'en';
}

export function storeLanguage(language: Language): void {
  localStorage.setItem(storageKey, language);
}
