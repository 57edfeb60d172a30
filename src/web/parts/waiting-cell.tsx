import { Text, VisuallyHidden } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ShownReading } from '../../server/page-types.js';
import { useTexts } from '../texts/texts.js';

/** How long a study waits and who reads it; the explanation of its place is shown on hover and read aloud. */
export function WaitingCell({ reading }: { readonly reading: ShownReading }): ReactNode {
  const { t } = useTexts();
  const { waits, wait, overdue, explanation, state, reader = '' } = reading;
  return (
    <>
      {waits && (
        <Text size="sm" className={overdue ? 'present' : ''} fw={overdue ? 700 : 400} data-testid="wait">
          <span aria-hidden>
            {overdue ? '▲ ' : ''}
            {wait}
          </span>
          <VisuallyHidden>{explanation}</VisuallyHidden>
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
