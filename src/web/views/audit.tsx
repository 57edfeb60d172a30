import { Alert, Button, Group, NativeSelect, Stack, Text, TextInput, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { ShownAuditEntry, ShownAuditState } from '../../server/page-types.js';
import { get } from '../api.js';
import { QueryBoundary } from '../parts/query-boundary.js';
import { sentenceOf } from '../sentence.js';
import { useTexts } from '../texts/texts.js';
import { Entries } from './audit-entries.js';
import { belowBase } from '../base-path.js';

const pageSize = 50;
/** Objects of actions: the first part of an action's name. */
const objects = [
  'login',
  'logout',
  'worklist',
  'patient',
  'study',
  'pacs',
  'assessment',
  'upload',
  'model',
  'job',
  'message',
  'drift',
  'account',
  'token',
  'session',
  'rules',
  'request',
  'audit',
  'service',
] as const;

interface Filter {
  readonly actor: string;
  readonly action: string;
  /** Days of the browser's calendar, in its time zone; both inclusive. */
  readonly from: string;
  readonly to: string;
}

/** The audit log for administrators: entries with filters, integrity check, export. */
export function AuditView(): ReactNode {
  const { t } = useTexts();
  const [filter, setFilter] = useState<Filter>({ actor: '', action: '', from: '', to: '' });
  const [applied] = useDebouncedValue(filter, 300);
  const query = useInfiniteQuery({
    queryKey: ['audit', applied],
    queryFn: ({ pageParam }) => get<readonly ShownAuditEntry[]>(`/api/audit?${parameters(applied, pageParam)}`),
    initialPageParam: 0,
    getNextPageParam: (page) => (page.length < pageSize ? undefined : page.at(-1)!.seq),
    placeholderData: keepPreviousData,
  });
  const entries = query.data?.pages.flat() ?? [];
  return (
    <>
      <Title order={1} size="h2" mb="md">
        {t('audit.title')}
      </Title>
      <Stack gap="md">
        <Integrity />
        <section className="card" aria-label={t('audit.entries')}>
          <Filters filter={filter} onChange={setFilter} />
          <QueryBoundary query={query}>
            {() => (entries.length === 0 ? <Text className="quiet">{t('audit.nothingFound')}</Text> : <Entries entries={entries} />)}
          </QueryBoundary>
          {query.hasNextPage && (
            <Button mt="sm" variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              {t('audit.older')}
            </Button>
          )}
        </section>
      </Stack>
    </>
  );
}

function parameters({ actor, action, from, to }: Filter, before: number): string {
  const startOf = (day: string, later = 0): string => {
    const date = new Date(`${day}T00:00:00`);
    date.setDate(date.getDate() + later);
    return date.toISOString();
  };
  return new URLSearchParams({
    limit: String(pageSize),
    ...(before > 0 ? { before: String(before) } : {}),
    ...(actor.trim() === '' ? {} : { actor: actor.trim() }),
    ...(action === '' ? {} : { action }),
    ...(from === '' ? {} : { from: startOf(from) }),
    ...(to === '' ? {} : { to: startOf(to, 1) }),
  }).toString();
}

function Integrity(): ReactNode {
  const { t } = useTexts();
  const verify = useMutation({ mutationFn: () => get<ShownAuditState>('/api/audit/verify') });
  const state = verify.data;
  return (
    <section className="card" aria-label={t('audit.integrity')}>
      <Title order={2} size="h4" mb={4}>
        {t('audit.integrity')}
      </Title>
      <Text size="sm" className="quiet" mb="sm">
        {t('audit.integrityHint')}
      </Text>
      <Group gap="sm">
        <Button variant="default" loading={verify.isPending} onClick={() => verify.mutate()}>
          {t('audit.verify')}
        </Button>
        <Button variant="default" component="a" href={belowBase('/api/audit/export?format=json')} download>
          {t('audit.exportJson')}
        </Button>
        <Button variant="default" component="a" href={belowBase('/api/audit/export?format=atna')} download>
          {t('audit.exportAtna')}
        </Button>
      </Group>
      {state?.intact === true && (
        <Alert color="green" role="status" mt="sm" py="xs" title={t('audit.intact', { n: state.entries })}>
          <Text size="sm">{t('audit.head')}</Text>
          <Text className="mono">
            {state.head.seq}:{state.head.hash}
          </Text>
        </Alert>
      )}
      {state?.intact === false && (
        <Alert color="red" role="alert" mt="sm" py="xs" title={t('audit.broken', { at: state.at })}>
          {state.why}
        </Alert>
      )}
      {verify.isError && (
        <Alert color="red" role="alert" mt="sm" py="xs">
          {sentenceOf(verify.error, t)}
        </Alert>
      )}
    </section>
  );
}

function Filters({ filter, onChange }: { readonly filter: Filter; readonly onChange: (filter: Filter) => void }): ReactNode {
  const { t } = useTexts();
  const set =
    (part: keyof Filter) =>
    (event: { readonly currentTarget: { readonly value: string } }): void =>
      onChange({ ...filter, [part]: event.currentTarget.value });
  return (
    <Group gap="sm" mb="md" align="flex-end">
      <TextInput id="audit-actor" label={t('audit.actor')} value={filter.actor} onChange={set('actor')} w={{ base: '100%', xs: 190 }} />
      <NativeSelect
        id="audit-action"
        label={t('audit.action')}
        value={filter.action}
        onChange={set('action')}
        w={{ base: '100%', xs: 190 }}
        data={[{ value: '', label: t('audit.everything') }, ...objects.map((one) => ({ value: one, label: t(`audit.object.${one}`) }))]}
      />
      <TextInput id="audit-from" type="date" label={t('audit.from')} value={filter.from} onChange={set('from')} />
      <TextInput id="audit-to" type="date" label={t('audit.to')} value={filter.to} onChange={set('to')} />
    </Group>
  );
}
