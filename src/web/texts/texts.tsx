import { createContext, useContext, useMemo, useState, type ReactNode } from 'react';
import { de } from './de.js';
import { en, type TextKey } from './en.js';

export type { TextKey } from './en.js';

const languages = { en, de } as const;
export type Language = keyof typeof languages;
export const languageNames: Readonly<Record<Language, string>> = { en: 'English', de: 'Deutsch' };

export type Translate = (key: TextKey, values?: Readonly<Record<string, string | number>>) => string;

interface Texts {
  readonly language: Language;
  readonly t: Translate;
  setLanguage(language: Language): void;
}

const TextsContext = createContext<Texts | undefined>(undefined);
const kept = 'chest-ai-language';

export function TextsProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const [language, setLanguage] = useState<Language>(firstLanguage);
  const texts = useMemo(() => {
    document.documentElement.lang = language;
    return { language, t: translator(language), setLanguage: (next: Language) => (localStorage.setItem(kept, next), setLanguage(next)) };
  }, [language]);
  return <TextsContext.Provider value={texts}>{children}</TextsContext.Provider>;
}

export function useTexts(): Texts {
  const texts = useContext(TextsContext);
  if (!texts) throw new Error('useTexts outside of TextsProvider');
  return texts;
}

export function translator(language: Language): Translate {
  return (key, values = {}) => languages[language][key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
}

function firstLanguage(): Language {
  const wanted = localStorage.getItem(kept) ?? navigator.language.slice(0, 2);
  return wanted === 'de' ? 'de' : 'en';
}
