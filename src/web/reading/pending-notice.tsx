import { Alert, Button, Group } from '@mantine/core';
import type { ReactNode } from 'react';
import { sentenceOf } from '../sentence.js';
import { useTexts } from '../texts/texts.js';
import { isOutdated, undoMs } from './pending-assessments.js';
import { stepsText } from './steps-text.js';
import { pending, usePending, usePendingAssessments } from './use-pending.js';

/** What becomes of the last clicks: at the lower edge of every view, because the reader may have moved on. */
export function PendingNotice(): ReactNode {
  const { t } = useTexts();
  usePendingAssessments();
  const state = usePending();
  if (state.kind === 'idle') return null;
  const text = stepsText(state.steps, t);
  return (
    <div className="pending" data-testid="pending" data-state={state.kind}>
      {state.kind === 'failed' ? (
        <Alert color="red" role="alert" py="xs" title={t('pending.failed', { findings: text })}>
          {sentenceOf(state.error, t)}
          <Group gap="xs" mt="xs">
            {!isOutdated(state.error) && (
              <Button size="xs" onClick={() => void pending.flush()}>
                {t('pending.retry')}
              </Button>
            )}
            <Button size="xs" variant="default" onClick={() => pending.discard()}>
              {t('pending.discard')}
            </Button>
          </Group>
        </Alert>
      ) : (
        <Alert color={state.kind === 'stored' ? 'green' : 'blue'} role="status" py="xs">
          <Group gap="sm" justify="space-between" wrap="nowrap">
            <span>
              {state.kind === 'stored'
                ? t('pending.stored', { findings: text })
                : state.kind === 'storing'
                  ? t('pending.storing', { findings: text })
                  : t('pending.waiting', { findings: text, seconds: undoMs / 1_000 })}
            </span>
            {state.kind === 'waiting' && (
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
