import { Alert, Button, Group } from '@mantine/core';
import type { ReactNode } from 'react';
import { sentenceOf } from '../sentence.js';
import { useTexts } from '../texts/texts.js';
import { useKeys } from '../use-keys.js';
import { isOutdated, undoMs } from './pending-assessments.js';
import { stepsText } from './steps-text.js';
import { pending, usePending, usePendingAssessments } from './use-pending.js';

/** What becomes of the last clicks: at the lower edge of every view, because the reader may have moved on. Its key works in every view, too. */
export function PendingNotice(): ReactNode {
  const { t } = useTexts();
  usePendingAssessments();
  const { kind, steps, failed } = usePending();
  useKeys('study', kind === 'waiting' ? { undo: () => pending.undo() } : {});
  if (kind === 'idle' && !failed) return null;
  const text = stepsText(steps, t);
  return (
    <div className="pending" data-testid="pending">
      {failed && (
        <Alert color="red" role="alert" py="xs" title={t('pending.failed', { findings: stepsText(failed.steps, t) })}>
          {sentenceOf(failed.error, t)}
          <Group gap="xs" mt="xs">
            {!isOutdated(failed.error) && (
              <Button size="xs" onClick={() => void pending.flush()}>
                {t('pending.retry')}
              </Button>
            )}
            <Button size="xs" variant="default" onClick={() => pending.discard()}>
              {t('pending.discard')}
            </Button>
          </Group>
        </Alert>
      )}
      {kind !== 'idle' && (
        <Alert color={kind === 'stored' ? 'green' : 'blue'} role="status" py="xs" mt={failed ? 'xs' : 0}>
          <Group gap="sm" justify="space-between" wrap="nowrap">
            <span>{t(`pending.${kind}`, { findings: text, seconds: undoMs / 1_000 })}</span>
            {kind === 'waiting' && (
              <Button size="xs" variant="default" onClick={() => pending.undo()} data-testid="undo" aria-keyshortcuts="q">
                {t('pending.undo')}
              </Button>
            )}
          </Group>
        </Alert>
      )}
    </div>
  );
}
