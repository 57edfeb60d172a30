import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { tellLanguage } from '../kept-look.js';
import { loadTranslate, storeLanguage, type Language, type Translate } from './languages.js';

export type { TextKey } from './en.js';
export { languageCodes, languageName, type Language, type Translate } from './languages.js';

interface LoadedTexts {
  readonly language: Language;
  readonly t: Translate;
}
interface Texts extends LoadedTexts {
  setLanguage(language: Language): void;
}

const TextsContext = createContext<Texts | undefined>(undefined);

/** @param first texts of the first language, loaded before the page is drawn */
export function TextsProvider({ first, children }: { readonly first: LoadedTexts; readonly children: ReactNode }): ReactNode {
  const [loaded, setLoaded] = useState(first);
  useEffect(() => {
    document.documentElement.lang = loaded.language;
  }, [loaded.language]);
  const texts = useMemo(
    () => ({
      ...loaded,
      setLanguage: (language: Language) => {
        void loadTranslate(language).then((t) => {
          storeLanguage(language);
          tellLanguage(language);
          setLoaded({ language, t });
        });
      },
    }),
    [loaded],
  );
  return <TextsContext.Provider value={texts}>{children}</TextsContext.Provider>;
}

export function useTexts(): Texts {
  const texts = useContext(TextsContext);
  if (!texts) throw new Error('useTexts outside of TextsProvider');
  return texts;
}
