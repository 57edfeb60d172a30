import { createContext, useContext, useMemo, useState, type ReactNode } from 'react';
import { firstLanguage, storeLanguage, translator, type Language, type Translate } from './languages.js';

export type { TextKey } from './en.js';
export { languageNames, type Language, type Translate } from './languages.js';

interface Texts {
  readonly language: Language;
  readonly t: Translate;
  setLanguage(language: Language): void;
}

const TextsContext = createContext<Texts | undefined>(undefined);

export function TextsProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const [language, setLanguage] = useState<Language>(firstLanguage);
  const texts = useMemo(() => {
    document.documentElement.lang = language;
    return { language, t: translator(language), setLanguage: (next: Language) => (storeLanguage(next), setLanguage(next)) };
  }, [language]);
  return <TextsContext.Provider value={texts}>{children}</TextsContext.Provider>;
}

export function useTexts(): Texts {
  const texts = useContext(TextsContext);
  if (!texts) throw new Error('useTexts outside of TextsProvider');
  return texts;
}
