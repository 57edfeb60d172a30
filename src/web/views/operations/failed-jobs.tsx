import { Alert, Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { ShownFailedJob } from '../../../server/page-types.js';
import { studyView } from '../../addresses.js';
import { post } from '../../api.js';
import { Ago } from '../../parts/time.js';
import { sentenceOf } from '../../sentence.js';
import { useTexts } from '../../texts/texts.js';

interface Retried {
  readonly queue: string;
  readonly code: string;
}

/** Failed jobs and deliveries, which wait for an operator: each with its reason and study, retried alone or with all of its kind. */
export function FailedJobs({ jobs }: { readonly jobs: readonly ShownFailedJob[] }): ReactNode {
  const { t } = useTexts();
  const client = useQueryClient();
  const onSettled = (): Promise<void> => client.invalidateQueries({ queryKey: ['operations'] });
  const retry = useMutation({ mutationFn: (id: string) => post(`/api/failed-jobs/${id}/retry`), onSettled });
  const retryAll = useMutation({
    mutationFn: (kind: Retried) => post<{ readonly retried: number }>('/api/failed-jobs/retry', kind),
    onSettled,
  });
  const kinds = new Map<string, ShownFailedJob[]>();
  for (const job of jobs) kinds.set(`${job.queue} ${job.code}`, [...(kinds.get(`${job.queue} ${job.code}`) ?? []), job]);
  const error = retry.error ?? retryAll.error;
  return (
    <Stack gap="sm" data-testid="failed-jobs">
      {jobs.length === 0 && <Text className="quiet">{t('operations.noFailedJobs')}</Text>}
      {[...kinds.values()].map((all) => {
        const { queue, code } = all[0]!;
        return (
          <Stack key={`${queue} ${code}`} gap={6}>
            <Group justify="space-between" wrap="nowrap" align="flex-start">
              <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
                {t('failedJobs.kind', { queue, code, n: all.length })}
              </Text>
              {all.length > 1 && (
                <Button size="xs" variant="default" loading={retryAll.isPending} onClick={() => retryAll.mutate({ queue, code })}>
                  {t('failedJobs.retryAll', { n: all.length })}
                </Button>
              )}
            </Group>
            {all.map((one) => (
              <Group key={one.id} justify="space-between" wrap="nowrap" align="flex-start">
                <div>
                  <Text size="sm">
                    <Ago at={one.failedAt} />
                    {one.receiver !== undefined && <> · {one.receiver}</>}
                    {one.studyInstanceUID !== undefined && (
                      <>
                        {' · '}
                        <Anchor component={Link} href={studyView(one.studyInstanceUID)} className="mono">
                          {one.studyInstanceUID}
                        </Anchor>
                      </>
                    )}
                  </Text>
                  <Text size="sm" className="quiet" style={{ overflowWrap: 'anywhere' }}>
                    {one.detail}
                  </Text>
                </div>
                <Button size="xs" variant="default" onClick={() => retry.mutate(one.id)} style={{ flexShrink: 0 }}>
                  {t('operations.retry')}
                </Button>
              </Group>
            ))}
          </Stack>
        );
      })}
      {(retry.isSuccess || retryAll.isSuccess) && (
        <Alert color="green" role="status" py="xs">
          {retryAll.data ? t('failedJobs.retriedAll', { n: retryAll.data.retried }) : t('operations.retried')}
        </Alert>
      )}
      {error && (
        <Alert color="red" role="alert" py="xs">
          {sentenceOf(error, t)}
        </Alert>
      )}
    </Stack>
  );
}
