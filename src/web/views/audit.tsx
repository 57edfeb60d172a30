import { Alert, Anchor, Badge, Button, Group, NativeSelect, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { Link } from 'wouter';
import type { ShownAuditEntry, ShownAuditState } from '../../server/page-types.js';
import { get } from '../api.js';
import { Asked } from '../parts/query-boundary.js';
import { moment } from '../parts/time.js';
import { sentenceOf } from '../sentence.js';
import { useTexts } from '../texts/texts.js';

const pageSize = 50;
/** What deeds are done to; the log knows them by this first part of their name. */
const objects = [
  'login',
  'logout',
  'worklist',
  'study',
  'pacs',
  'assessment',
  'upload',
  'model',
  'job',
  'account',
  'token',
  'audit',
  'service',
] as const;

interface Filter {
  readonly actor: string;
  readonly action: string;
  /** Days as the browser's calendar writes them, of this person's time zone; both inclusive. */
  readonly from: string;
  readonly to: string;
}

/** Who did what and when, for administrators; whether the log is as it was written, and the whole of it as a file. */
export function AuditView(): ReactNode {
  const { t } = useTexts();
  const [filter, setFilter] = useState<Filter>({ actor: '', action: '', from: '', to: '' });
  const [asked] = useDebouncedValue(filter, 300);
  const query = useInfiniteQuery({
    queryKey: ['audit', asked],
    queryFn: ({ pageParam }) => get<readonly ShownAuditEntry[]>(`/api/audit?${parameters(asked, pageParam)}`),
    initialPageParam: 0,
    getNextPageParam: (page) => (page.length < pageSize ? undefined : page.at(-1)!.seq),
    placeholderData: keepPreviousData,
  });
  const entries = query.data?.pages.flat() ?? [];
  return (
    <>
      <Text size="sm" mb="xs">
        <Anchor component={Link} href="/operations">
          ← {t('nav.operations')}
        </Anchor>
      </Text>
      <Title order={1} size="h2" mb="md">
        {t('audit.title')}
      </Title>
      <Stack gap="md">
        <Integrity />
        <section className="card" aria-label={t('audit.entries')}>
          <Filters filter={filter} onChange={setFilter} />
          <Asked query={query}>
            {() => (entries.length === 0 ? <Text className="quiet">{t('audit.nothingFound')}</Text> : <Entries entries={entries} />)}
          </Asked>
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
        <Button variant="default" component="a" href="/api/audit/export?format=json" download>
          {t('audit.exportJson')}
        </Button>
        <Button variant="default" component="a" href="/api/audit/export?format=atna" download>
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
      <TextInput id="audit-actor" label={t('audit.who')} value={filter.actor} onChange={set('actor')} w={{ base: '100%', xs: 190 }} />
      <NativeSelect
        id="audit-action"
        label={t('audit.what')}
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

function Entries({ entries }: { readonly entries: readonly ShownAuditEntry[] }): ReactNode {
  const { t, language } = useTexts();
  return (
    <Table verticalSpacing={6} data-testid="audit-entries">
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col" className="number wide">
            {t('audit.number')}
          </Table.Th>
          <Table.Th scope="col">{t('audit.when')}</Table.Th>
          <Table.Th scope="col">{t('audit.who')}</Table.Th>
          <Table.Th scope="col">{t('audit.what')}</Table.Th>
          <Table.Th scope="col" className="wide">
            {t('audit.about')}
          </Table.Th>
          <Table.Th scope="col" className="wide">
            {t('audit.remote')}
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {entries.map((entry) => (
          <Table.Tr key={entry.seq} data-seq={entry.seq}>
            <Table.Td className="number wide quiet">{entry.seq}</Table.Td>
            <Table.Td>{moment(entry.at, language)}</Table.Td>
            <Table.Td style={{ overflowWrap: 'anywhere' }}>{entry.actor}</Table.Td>
            <Table.Td>
              <Group gap={6}>
                {entry.action}
                {entry.outcome !== 'done' && (
                  <Badge
                    variant="outline"
                    tt="none"
                    color="red"
                    styles={{
                      root: { color: `var(--${entry.outcome === 'intended' ? 'quiet' : 'present'})`, borderColor: 'currentColor' },
                    }}
                  >
                    {t(`audit.outcome.${entry.outcome}`)}
                  </Badge>
                )}
              </Group>
              <div className="narrow">
                <About entry={entry} />
              </div>
            </Table.Td>
            <Table.Td className="wide">
              <About entry={entry} />
            </Table.Td>
            <Table.Td className="wide quiet">{entry.remote}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** What the deed was about; a study is a way there. */
function About({ entry: { subject } }: { readonly entry: ShownAuditEntry }): ReactNode {
  return Object.entries(subject).map(([name, value]) => (
    <div key={name} className="mono">
      {name === 'studyInstanceUID' ? (
        <Anchor component={Link} href={`/study/${String(value)}`} inherit>
          {String(value)}
        </Anchor>
      ) : (
        <>
          <span className="quiet">{name} </span>
          {Array.isArray(value) ? value.join(', ') : String(value)}
        </>
      )}
    </div>
  ));
}
