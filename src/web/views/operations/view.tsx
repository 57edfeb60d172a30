import { Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Operations, OutcomeCounts, ShownDrift } from '../../../server/page-types.js';
import { get } from '../../api.js';
import { QueryBoundary } from '../../parts/query-boundary.js';
import { useTexts } from '../../texts/texts.js';
import { Alarms } from '../drift.js';
import { Archive } from './archive.js';
import { FailedJobs } from './failed-jobs.js';
import { Latency } from './latency.js';
import { MessageChannels } from './messages.js';
import { Queues } from './queues.js';
import { RulesPanel } from './rules.js';
import { StatusCards } from './status-cards.js';
import { SystemCards } from './system-cards.js';
import { Trends } from './trends.js';

/** For hospital IT: state of the parts, queues, failed jobs, processing time, rules. */
export function OperationsView(): ReactNode {
  const { t } = useTexts();
  const query = useQuery({ queryKey: ['operations'], queryFn: () => get<Operations>('/api/operations'), refetchInterval: 10_000 });
  return (
    <>
      <Title order={1} size="h2" mb="md">
        {t('operations.title')}
      </Title>
      <QueryBoundary query={query}>{(operations) => <Sections operations={operations} />}</QueryBoundary>
    </>
  );
}

function Sections({ operations }: { readonly operations: Operations }): ReactNode {
  const { t } = useTexts();
  return (
    <Stack gap="md">
      <StatusCards operations={operations} />
      <SystemCards />
      <Section title={t('trends.title')}>
        <Trends />
      </Section>
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
        <Section title={t('operations.queues')}>
          <Queues queues={operations.queues} />
        </Section>
        <Section title={t('operations.failedJobs')}>
          <FailedJobs jobs={operations.failedJobs} />
          <Title order={3} size="h5" mt="md" mb="xs">
            {t('drift.title')}
          </Title>
          <DriftAlarms />
        </Section>
        <Section title={t('operations.latency')}>
          <Latency latency={operations.latency} />
        </Section>
        <Section title={t('operations.outcomes')}>
          <Counts counts={operations.counts} />
          <Text size="sm" className="quiet" mt="md">
            {t('operations.version', { version: operations.softwareVersion })}
          </Text>
        </Section>
      </SimpleGrid>
      <Section title={t('archive.title')}>
        <Archive />
      </Section>
      <Section title={t('messages.title')}>
        <MessageChannels />
      </Section>
      <Section title={t('operations.rules')}>
        <RulesPanel rules={operations.rules} />
      </Section>
    </Stack>
  );
}

function Section({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactNode {
  return (
    <section className="card" aria-label={title}>
      <Title order={2} size="h4" mb="sm">
        {title}
      </Title>
      {children}
    </section>
  );
}

function DriftAlarms(): ReactNode {
  const query = useQuery({ queryKey: ['drift'], queryFn: () => get<ShownDrift>('/api/drift') });
  return <QueryBoundary query={query}>{({ alarms }) => <Alarms alarms={alarms} />}</QueryBoundary>;
}

function Counts({ counts }: { readonly counts: OutcomeCounts }): ReactNode {
  const { t } = useTexts();
  return (
    <Group gap="xl">
      {(['reported', 'skipped', 'failed'] as const).map((outcome) => (
        <div key={outcome}>
          <Text size="xl" fw={700}>
            {counts[outcome]}
          </Text>
          <Text size="sm" className="quiet">
            {t(`outcome.${outcome}`)}
          </Text>
        </div>
      ))}
    </Group>
  );
}
