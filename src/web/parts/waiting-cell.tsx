import { Text, VisuallyHidden } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ShownReading } from '../../server/page-types.js';
import { withFindingTexts } from '../texts/finding-name.js';
import { useTexts } from '../texts/texts.js';

/**
 * How long a study waits and who reads it; the explanation of its place is read aloud, and its row shows it on hover.
 *
 * @param isLabelled no heading says what the time is
 */
export function WaitingCell({ reading, isLabelled = false }: { readonly reading: ShownReading; readonly isLabelled?: boolean }): ReactNode {
  const { t, language } = useTexts();
  const { waits, wait, overdue, explanation, state, reader = '' } = reading;
  return (
    <>
      {waits && (
        <Text size="sm" className={overdue ? 'present' : ''} fw={overdue ? 700 : 400} data-testid="wait">
          <span aria-hidden>
            {overdue ? '▲ ' : ''}
            {isLabelled ? t('reading.waiting', { wait: wait ?? '' }) : wait}
          </span>
          <VisuallyHidden>{explanation && withFindingTexts(explanation, t, language)}</VisuallyHidden>
        </Text>
      )}
      {state !== 'unread' && (
        <Text size="sm" className={state === 'being-read' ? 'undetermined' : 'quiet'} data-testid="reader">
          {t(state === 'being-read' ? 'reading.beingReadBy' : 'reading.readBy', { reader })}
        </Text>
      )}
    </>
  );
}
