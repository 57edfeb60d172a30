import { Button, Group, Progress, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { downloadText } from '../../download.js';
import { useTexts } from '../../texts/texts.js';
import { summaryCsv, summaryJson, type SummaryRow } from './summary-rows.js';
import type { QueuedUpload, UploadQueue } from './upload-queue.js';

/** How many files are done, and what can be done with all of them: cancel, clear, download. */
export function UploadProgress({
  queue,
  uploads,
  rows,
}: {
  readonly queue: UploadQueue;
  readonly uploads: readonly QueuedUpload[];
  readonly rows: readonly SummaryRow[];
}): ReactNode {
  const { t } = useTexts();
  const done = uploads.filter(({ state }) => state.kind === 'analyzed' || state.kind === 'cancelled' || isFinallyRefused(state)).length;
  const failed = rows.filter(({ outcome }) => outcome === 'failed').length;
  const interrupted = uploads.some(({ state }) => state.kind === 'refused' && state.again);
  const finished = done === uploads.length;
  const text = t('analyze.progress', { done, total: uploads.length, failed });
  return (
    <Stack gap="xs" mt="lg" mb="sm">
      <Text role="status" data-testid="analyze-progress" fw={600}>
        {text}
      </Text>
      {!finished && <Progress value={(done / uploads.length) * 100} aria-label={text} />}
      {interrupted && (
        <Text size="sm" className="undetermined" role="alert">
          {t('analyze.brokeOff')} {t('analyze.waiting')}
        </Text>
      )}
      <Group gap="sm">
        {!finished && (
          <Button size="xs" variant="default" onClick={() => queue.cancelAll()}>
            {t('analyze.cancelAll')}
          </Button>
        )}
        <Button size="xs" variant="default" onClick={() => queue.clear()}>
          {t('analyze.clear')}
        </Button>
        <Button
          size="xs"
          variant="default"
          disabled={done === 0}
          onClick={() => downloadText('findings.csv', 'text/csv', summaryCsv(rows))}
        >
          {t('analyze.csv')}
        </Button>
        <Button
          size="xs"
          variant="default"
          disabled={done === 0}
          onClick={() => downloadText('findings.json', 'application/json', summaryJson(rows))}
        >
          {t('analyze.json')}
        </Button>
      </Group>
    </Stack>
  );
}

function isFinallyRefused(state: QueuedUpload['state']): boolean {
  return state.kind === 'refused' && !state.again;
}
