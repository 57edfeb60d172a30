import { Anchor, Text } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { knownList } from '../texts/known-sentence.js';
import { useTexts } from '../texts/texts.js';
import { MarkdownText } from './markdown-document.js';

/** The first section of a model card. @param isShort the first limitation, with a button for the others */
export function Limitations({ text, isShort }: { readonly text: string; readonly isShort: boolean }): ReactNode {
  const { t, language } = useTexts();
  const [isOpen, setOpen] = useState(!isShort);
  const shown = knownList(text, t, language);
  const items = shown.text.split(/\n(?=- )/);
  return (
    <section className="limitations" aria-label={t('models.limitations')}>
      <Text fw={650}>{t('models.limitations')}</Text>
      <div className="markdown" lang={shown.isWhole ? language : 'en'}>
        <MarkdownText text={isOpen ? shown.text : items[0]!} from="" label={t('models.limitations')} />
      </div>
      {!isOpen && items.length > 1 && (
        <Anchor component="button" type="button" size="sm" onClick={() => setOpen(true)}>
          {t('models.moreLimitations', { count: items.length - 1 })}
        </Anchor>
      )}
    </section>
  );
}
