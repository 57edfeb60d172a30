import { Alert, Anchor, Badge, Button, Collapse, FileButton, Group, SimpleGrid, Stack, Table, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { Link } from 'wouter';
import type { Operations, RuleTest, ShownDrift } from '../../server/page-types.js';
import { get, post, upload } from '../api.js';
import { Asked } from '../parts/query-boundary.js';
import { Ago } from '../parts/time.js';
import { sentenceOf } from '../sentence.js';
import { useTexts, type TextKey } from '../texts/texts.js';
import type { Me } from '../assessments.js';
import { Alarms } from './drift.js';

export function OperationsView(): ReactNode {
  const { t } = useTexts();
  const query = useQuery({ queryKey: ['operations'], queryFn: () => get<Operations>('/api/operations'), refetchInterval: 10_000 });
  return (
    <>
      <Title order={1} size="h2" mb="md">
        {t('operations.title')}
      </Title>
      <Asked query={query}>{(operations) => <Parts operations={operations} />}</Asked>
    </>
  );
}

function Parts({ operations }: { readonly operations: Operations }): ReactNode {
  const { t } = useTexts();
  const { orthanc, database, engine, model, counts } = operations;
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }} spacing="md">
        <Fact
          name={t('operations.orthanc')}
          good={orthanc.state === 'answers'}
          value={orthanc.state === 'answers' ? t('operations.answers') : orthanc.state}
          more={[orthanc.version, orthanc.url].filter(Boolean).join(' · ')}
        />
        <Fact name={t('operations.database')} good={database.state === 'answers'} value={t('operations.answers')} more={database.kind} />
        <Fact
          name={t('operations.engine')}
          good
          value={engine.name}
          more={
            <Text component="span" size="sm" lineClamp={3} title={engine.why}>
              {engine.why}
            </Text>
          }
        />
        <Fact
          name={t('operations.model')}
          good
          value={model.name}
          more={
            <Anchor component={Link} href={`/models/${model.version}`} size="sm" className="mono">
              {model.version}
            </Anchor>
          }
        />
      </SimpleGrid>
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
        <Section title={t('operations.queues')}>
          <Queues operations={operations} />
        </Section>
        <Section title={t('operations.faults')}>
          <Parked parked={operations.parked} />
          <Title order={3} size="h5" mt="md" mb="xs">
            {t('drift.title')}
          </Title>
          <DriftAlarms />
        </Section>
        <Section title={t('operations.latency')}>
          <Latency latency={operations.latency} />
        </Section>
        <Section title={t('operations.outcomes')}>
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
          <Text size="sm" className="quiet" mt="md">
            {t('operations.version', { version: operations.softwareVersion })}
          </Text>
        </Section>
      </SimpleGrid>
      <Section title={t('operations.rules')}>
        <Rules rules={operations.rules} />
      </Section>
      <AuditLink />
    </Stack>
  );
}

/** Only administrators may read the log. */
function AuditLink(): ReactNode {
  const { t } = useTexts();
  const { data: me } = useQuery({ queryKey: ['me'], queryFn: () => get<Me>('/api/me'), staleTime: 60_000 });
  if (!me?.roles.includes('admin')) return null;
  return (
    <Section title={t('audit.title')}>
      <Text size="sm" className="quiet" mb="sm">
        {t('audit.open')}
      </Text>
      <Button component={Link} href="/audit" variant="default">
        {t('audit.title')}
      </Button>
    </Section>
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

function Fact({
  name,
  value,
  more,
  good,
}: {
  readonly name: string;
  readonly value: string;
  readonly more: ReactNode;
  readonly good: boolean;
}): ReactNode {
  return (
    <section className="card" aria-label={name}>
      <Group gap={8}>
        <span className="live" data-lost={!good} aria-hidden />
        <Text size="sm" className="quiet">
          {name}
        </Text>
      </Group>
      <Text fw={650} className={good ? '' : 'present'}>
        {value}
      </Text>
      <Text size="sm" className="quiet" style={{ overflowWrap: 'anywhere' }}>
        {more}
      </Text>
    </section>
  );
}

function DriftAlarms(): ReactNode {
  const query = useQuery({ queryKey: ['drift'], queryFn: () => get<ShownDrift>('/api/drift') });
  return <Asked query={query}>{({ alarms }) => <Alarms alarms={alarms} />}</Asked>;
}

function Queues({ operations: { queues } }: { readonly operations: Operations }): ReactNode {
  const { t } = useTexts();
  return (
    <Table.ScrollContainer minWidth={420} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
      <Table verticalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t('operations.queue')}</Table.Th>
            {(['waiting', 'active', 'retrying', 'parked'] as const).map((one) => (
              <Table.Th key={one} scope="col" className="number">
                {t(`operations.${one}`)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {queues.map((queue) => (
            <Table.Tr key={queue.queue}>
              <Table.Td>{queue.queue}</Table.Td>
              {[queue.waiting, queue.active, queue.retrying, queue.parked].map((count, index) => (
                <Table.Td key={index} className={`number ${index === 3 && count > 0 ? 'present' : ''}`}>
                  {count}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Parked({ parked }: { readonly parked: Operations['parked'] }): ReactNode {
  const { t } = useTexts();
  const client = useQueryClient();
  const retry = useMutation({
    mutationFn: (id: string) => post(`/api/parked/${id}/retry`),
    onSettled: () => client.invalidateQueries({ queryKey: ['operations'] }),
  });
  return (
    <Stack gap="sm">
      {parked.length === 0 && <Text className="quiet">{t('operations.noFaults')}</Text>}
      {parked.map((one) => (
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

/** A study's way. */
const order = ['metadata', 'retrieve', 'decode', 'infer', 'heatMap', 'report', 'store', 'readBack', 'total'];

function Latency({ latency }: { readonly latency: Operations['latency'] }): ReactNode {
  const { t } = useTexts();
  const most = Math.max(1, ...latency.steps.map((one) => one.p95Ms));
  const steps = [...latency.steps].sort((a, b) => order.indexOf(a.step) - order.indexOf(b.step));
  return (
    <>
      <Text size="sm" className="quiet" mb="xs">
        {t('operations.latencyOf', { n: latency.results })}
      </Text>
      <Table verticalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t('operations.step')}</Table.Th>
            <Table.Th scope="col" className="wide" />
            <Table.Th scope="col" className="number">
              {t('operations.median')}
            </Table.Th>
            <Table.Th scope="col" className="number">
              {t('operations.p95')}
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {steps.map(({ step, medianMs, p95Ms }) => (
            <Table.Tr key={step}>
              <Table.Td>{t(`step.${step}` as TextKey)}</Table.Td>
              <Table.Td className="wide" w="40%">
                <div className="bar absent" aria-hidden>
                  <span style={{ width: `${(medianMs / most) * 100}%` }} />
                  <i style={{ left: `${Math.min(99, (p95Ms / most) * 100)}%` }} />
                </div>
              </Table.Td>
              <Table.Td className="number">{medianMs}</Table.Td>
              <Table.Td className="number">{p95Ms}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </>
  );
}

function Rules({ rules }: { readonly rules: Operations['rules'] }): ReactNode {
  const { t } = useTexts();
  const [tests, setTests] = useState<readonly RuleTest[]>();
  const run = useMutation({
    mutationFn: async (file: File | undefined) =>
      file
        ? [await upload<RuleTest>('/api/rules/test', file, () => undefined, new AbortController().signal)]
        : get<readonly RuleTest[]>('/api/rules/test?limit=25'),
    onSuccess: setTests,
  });
  return (
    <>
      <Table.ScrollContainer minWidth={520} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
        <Table verticalSpacing={6}>
          <Table.Tbody>
            {rules.map((rule) => (
              <Table.Tr key={rule.name}>
                <Table.Td fw={600}>{rule.name}</Table.Td>
                <Table.Td>
                  <Badge variant="default" tt="none">
                    {t(`operations.action.${rule.action}`)}
                  </Badge>
                </Table.Td>
                <Table.Td className="mono">
                  {rule.when.map((one) => (
                    <div key={one}>{one}</div>
                  ))}
                </Table.Td>
                <Table.Td className="number">{rule.priority}</Table.Td>
                <Table.Td>{rule.destinations.join(', ')}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Group mt="md" gap="sm">
        <Button variant="default" loading={run.isPending} onClick={() => run.mutate(undefined)}>
          {t('operations.test')}
        </Button>
        <FileButton onChange={(file) => file && run.mutate(file)} inputProps={{ 'aria-label': t('operations.testFile') }}>
          {(props) => (
            <Button variant="default" {...props}>
              {t('operations.testFile')}
            </Button>
          )}
        </FileButton>
        <Text size="sm" className="quiet">
          {t('operations.testHint')}
        </Text>
      </Group>
      {run.isError && (
        <Alert color="red" role="alert" mt="sm">
          {sentenceOf(run.error, t)}
        </Alert>
      )}
      {tests && (
        <Stack gap="xs" mt="md" data-testid="rule-tests">
          {tests.map((one) => (
            <Tested key={one.subject} test={one} />
          ))}
        </Stack>
      )}
    </>
  );
}

function Tested({ test }: { readonly test: RuleTest }): ReactNode {
  const { t } = useTexts();
  const [open, { toggle }] = useDisclosure(test.action === 'none');
  return (
    <div>
      <Group gap="sm">
        <Badge variant="default" tt="none">
          {t(`operations.action.${test.action}`)}
        </Badge>
        <b>{test.rule}</b>
        <span className="mono quiet">{test.subject}</span>
        {test.passedOver.length > 0 && (
          <Button size="compact-xs" variant="subtle" onClick={toggle} aria-expanded={open}>
            {t('operations.why')}
          </Button>
        )}
      </Group>
      <Collapse expanded={open}>
        {test.passedOver.map((one) => (
          <Text size="sm" key={one.rule} className="quiet">
            {one.rule}: {one.text}
          </Text>
        ))}
      </Collapse>
    </div>
  );
}
