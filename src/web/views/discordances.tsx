import { Alert, Anchor, Button, Group, NativeSelect, SegmentedControl, Stack, Table, Text, Title } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { Link } from 'wouter';
import type { DiscordancePage, ShownDiscordance, ShownReportCounts } from '../../server/page-types.js';
import { studyView } from '../addresses.js';
import { get, post } from '../api.js';
import { QueryBoundary } from '../parts/query-boundary.js';
import { Ago } from '../parts/time.js';
import { sentenceOf } from '../sentence.js';
import { isText } from '../texts/en.js';
import { findingText } from '../texts/finding-name.js';
import { probabilityFigure } from '../texts/numbers.js';
import { useTexts } from '../texts/texts.js';

type Kind = ShownDiscordance['kind'] | 'all';
type State = 'open' | 'reviewed' | 'all';
const kinds = ['all', 'report-silent', 'report-absent', 'ai-absent'] as const;
const states = ['open', 'reviewed', 'all'] as const;
const pageSize = 50;

/** For readers: findings in which the AI result and the radiologist's report of a study differ, the greatest difference first. */
export function DiscordancesView(): ReactNode {
  const { t } = useTexts();
  const [kind, setKind] = useState<Kind>('all');
  const [state, setState] = useState<State>('open');
  const [finding, setFinding] = useState('');
  const query = useInfiniteQuery({
    queryKey: ['discordances', kind, state, finding],
    queryFn: ({ pageParam }) =>
      get<DiscordancePage>(
        `/api/discordances?${new URLSearchParams({
          limit: String(pageSize),
          state,
          ...(kind === 'all' ? {} : { kind }),
          ...(finding === '' ? {} : { finding }),
          ...(pageParam === '' ? {} : { after: pageParam }),
        }).toString()}`,
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    refetchInterval: 30_000,
  });
  const first = query.data?.pages[0];
  const number = (one: Kind): string => {
    if (!first) return '';
    const { open } = first;
    return ` ${one === 'all' ? Object.values(open).reduce((sum, n) => sum + n, 0) : open[one]}`;
  };
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <Stack gap="md">
      <Title order={1} size="h2">
        {t('discordances.title')}
      </Title>
      <Text size="sm" className="quiet">
        {t('discordances.hint')}
      </Text>
      <Received />
      <Group gap="sm" justify="space-between">
        <SegmentedControl
          size="sm"
          className="filter"
          aria-label={t('discordances.filter')}
          value={kind}
          onChange={(value) => setKind(value as Kind)}
          data={kinds.map((value) => ({ value, label: t(`discordances.kind.${value}`) + number(value) }))}
        />
        <Group gap="sm">
          <NativeSelect
            size="sm"
            aria-label={t('discordances.finding')}
            value={finding}
            onChange={(event) => setFinding(event.currentTarget.value)}
            data={[
              { value: '', label: t('discordances.finding.all') },
              ...(first?.findings ?? []).map(({ name, meaning }) => ({ value: name, label: findingText(meaning, t) })),
            ]}
          />
          <NativeSelect
            size="sm"
            aria-label={t('discordances.state')}
            value={state}
            onChange={(event) => setState(event.currentTarget.value as State)}
            data={states.map((value) => ({ value, label: t(`discordances.state.${value}`) }))}
          />
        </Group>
      </Group>
      <QueryBoundary query={query}>
        {() =>
          rows.length === 0 ? (
            <Text className="card">{t('discordances.none')}</Text>
          ) : (
            <>
              <Rows rows={rows} />
              {query.hasNextPage && (
                <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                  {t('discordances.more')}
                </Button>
              )}
            </>
          )
        }
      </QueryBoundary>
    </Stack>
  );
}

/** How many reports were received, and why some are not matched. */
function Received(): ReactNode {
  const { t } = useTexts();
  const { data } = useQuery({ queryKey: ['reports'], queryFn: () => get<ShownReportCounts>('/api/reports'), refetchInterval: 30_000 });
  if (!data) return null;
  const { reasons, ...counts } = data;
  const why = Object.entries(reasons).flatMap(([reason, n]) => {
    const key = `discordances.reason.${reason}`;
    return isText(key) ? [t(key, { n })] : [];
  });
  return (
    <Text size="sm" data-testid="received-reports">
      {t('discordances.reports', counts)}
      {why.length > 0 ? ` (${why.join(', ')})` : ''}
    </Text>
  );
}

function Rows({ rows }: { readonly rows: readonly ShownDiscordance[] }): ReactNode {
  const { t } = useTexts();
  return (
    <Table.ScrollContainer
      minWidth={720}
      className="card"
      scrollAreaProps={{ viewportProps: { tabIndex: 0, 'aria-label': t('discordances.title') } }}
    >
      <Table verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t('discordances.finding')}</Table.Th>
            <Table.Th scope="col">{t('discordances.difference')}</Table.Th>
            <Table.Th scope="col" className="number">
              {t('discordances.probability')}
            </Table.Th>
            <Table.Th scope="col">{t('discordances.study')}</Table.Th>
            <Table.Th scope="col">{t('discordances.found')}</Table.Th>
            <Table.Th scope="col">{t('discordances.state')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((one) => (
            <Row key={`${one.studyInstanceUID} ${one.finding}`} row={one} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Row({ row }: { readonly row: ShownDiscordance }): ReactNode {
  const { t, language } = useTexts();
  const client = useQueryClient();
  const { studyInstanceUID, finding, meaning, kind, probability, foundAt, reviewed } = row;
  const review = useMutation({
    mutationFn: () => post(`/api/discordances/${encodeURIComponent(studyInstanceUID)}/${finding}/review`),
    onSettled: () => client.invalidateQueries({ queryKey: ['discordances'] }),
  });
  return (
    <Table.Tr data-discordance={`${studyInstanceUID} ${finding}`}>
      <Table.Td>{findingText(meaning, t)}</Table.Td>
      <Table.Td>{t(`discordances.kind.${kind}`)}</Table.Td>
      <Table.Td className="number">
        {probabilityFigure({ probability, decision: kind === 'ai-absent' ? 'absent' : 'present' }, language)} %
      </Table.Td>
      <Table.Td>
        <Anchor component={Link} href={studyView(studyInstanceUID)} className="mono" size="sm" style={{ overflowWrap: 'anywhere' }}>
          {studyInstanceUID}
        </Anchor>
      </Table.Td>
      <Table.Td>
        <Ago at={foundAt} />
      </Table.Td>
      <Table.Td>
        {reviewed ? (
          <Text size="sm">
            {t('discordances.reviewed', { by: reviewed.by })}, <Ago at={reviewed.at} />
          </Text>
        ) : (
          <Button size="xs" variant="default" loading={review.isPending} onClick={() => review.mutate()}>
            {t('discordances.review')}
          </Button>
        )}
        {review.isError && (
          <Alert color="red" role="alert" py="xs">
            {sentenceOf(review.error, t)}
          </Alert>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
