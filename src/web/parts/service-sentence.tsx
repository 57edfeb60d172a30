import type { ReactNode } from 'react';
import { knownSentence } from '../texts/known-sentence.js';
import { useTexts } from '../texts/texts.js';

/** A sentence of the service in the language of the page; one that the page does not know is marked as English, or as a person wrote it. */
export function ServiceSentence({ text, mayBeOfPerson = false }: { readonly text: string; readonly mayBeOfPerson?: boolean }): ReactNode {
  const { t, language } = useTexts();
  const known = knownSentence(text, t, language);
  return <span lang={known === undefined ? (mayBeOfPerson ? undefined : 'en') : language}>{known ?? text}</span>;
}
