import { Anchor, Button, Group } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { studyView } from '../addresses.js';
import { useTexts } from '../texts/texts.js';
import { useKeys } from '../use-keys.js';
import { neighbour } from './worklist-query.js';

/** The way back to the worklist, and to the studies beside this one in it. */
export function StudySteps({ study }: { readonly study: string }): ReactNode {
  const { t, language } = useTexts();
  const [, navigate] = useLocation();
  const step = async (by: 1 | -1): Promise<void> => {
    const other = await neighbour(study, by, language).catch(() => undefined);
    navigate(other === undefined ? '/worklist' : studyView(other));
  };
  useKeys('study', { nextStudy: () => void step(1), previousStudy: () => void step(-1) });
  return (
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
  );
}
