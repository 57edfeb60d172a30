import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { ShownFailedJob } from '../../../server/page-types.js';
import { post } from '../../api.js';
import { Ago } from '../../parts/time.js';
import { sentenceOf } from '../../sentence.js';
import { useTexts } from '../../texts/texts.js';

/** Failed jobs, which wait for an operator, each with a button to retry it. */
export function FailedJobs({ jobs }: { readonly jobs: readonly ShownFailedJob[] }): ReactNode {
  const { t } = useTexts();
  const client = useQueryClient();
  const retry = useMutation({
    mutationFn: (id: string) => post(`/api/failed-jobs/${id}/retry`),
    onSettled: () => client.invalidateQueries({ queryKey: ['operations'] }),
  });
  return (
    <Stack gap="sm">
      {jobs.length === 0 && <Text className="quiet">{t('operations.noFailedJobs')}</Text>}
      {jobs.map((one) => (
        <Group key={one.id} justify="space-between" wrap="nowrap" align="flex-start">
          <div>
            <Text size="sm">
              <b>{one.code}</b> · {one.queue} · <Ago at={one.failedAt} />
            </Text>
            <Text size="sm" className="quiet" style={{ overflowWrap: 'anywhere' }}>
              {one.detail}
            </Text>
          </div>
          <Button size="xs" variant="default" onClick={() => retry.mutate(one.id)}>
            {t('operations.retry')}
          </Button>
        </Group>
      ))}
      {retry.isSuccess && (
        <Alert color="green" role="status" py="xs">
          {t('operations.retried')}
        </Alert>
      )}
      {retry.isError && (
        <Alert color="red" role="alert" py="xs">
          {sentenceOf(retry.error, t)}
        </Alert>
      )}
    </Stack>
  );
}
