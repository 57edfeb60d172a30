import { Alert, Anchor, Button, Group } from '@mantine/core';
import { useEffect, useState, type ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { studyView } from '../addresses.js';
import { sentenceOf } from '../sentence.js';
import { useTexts } from '../texts/texts.js';
import { useKeys } from '../use-keys.js';
import { placeCursor } from './worklist-cursor.js';
import { leftWorklist, neighbour, worklistPage } from './worklist-query.js';

/** The way back to the worklist, and to the studies beside this one in it. */
export function StudySteps({ study }: { readonly study: string }): ReactNode {
  const { t, language } = useTexts();
  const [, navigate] = useLocation();
  const [fault, setFault] = useState<unknown>();
  // Back in the worklist, the study that was shown last is chosen.
  useEffect(() => placeCursor(study, leftWorklist().studies), [study]);
  const step = async (by: 1 | -1): Promise<void> => {
    const from = location.pathname;
    try {
      setFault(undefined);
      const other = await neighbour(study, by, (query, after) => worklistPage(query, language, after));
      // The reader may have gone elsewhere meanwhile.
      if (location.pathname === from) navigate(other === undefined ? '/worklist' : studyView(other));
    } catch (error) {
      setFault(error);
    }
  };
  useKeys('study', { nextStudy: () => void step(1), previousStudy: () => void step(-1) });
  return (
    <>
      <Group justify="space-between" mb="xs" gap="sm">
        <Anchor component={Link} href="/worklist" size="sm" aria-keyshortcuts="u">
          ← {t('study.back')}
        </Anchor>
        <Group gap="xs">
          <Button size="xs" variant="default" aria-keyshortcuts="p" onClick={() => void step(-1)}>
            {t('study.previous')}
          </Button>
          <Button size="xs" variant="default" aria-keyshortcuts="n" onClick={() => void step(1)}>
            {t('study.next')}
          </Button>
        </Group>
      </Group>
      {fault !== undefined && (
        <Alert color="red" role="alert" py="xs" mb="xs">
          {sentenceOf(fault, t)}
        </Alert>
      )}
    </>
  );
}
