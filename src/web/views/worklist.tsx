import { Button, Group, NativeSelect, SegmentedControl, Table, Text, TextInput, Title } from '@mantine/core';
import { useDebouncedValue, useIntersection } from '@mantine/hooks';
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { useLocation } from 'wouter';
import type { WorklistCounts, WorklistPage, WorklistRow } from '../../server/page-types.js';
import { get } from '../api.js';
import { QueryBoundary } from '../parts/query-boundary.js';
import { useTexts } from '../texts/texts.js';
import { studyView } from '../addresses.js';
import { usePatients } from '../use-patients.js';
import { WithoutResult } from './without-result.js';
import { WorklistCells } from './worklist-cells.js';

type Filter = 'all' | 'present' | 'reported' | 'skipped' | 'failed';
type Reading = 'all' | WorklistRow['reading']['state'];
type Order = WorklistPage['order'];
const pageSize = 50;
/** Stored while a study is open, so that the worklist is at the same position afterwards. */
const position = { filter: 'all' as Filter, reading: 'all' as Reading, order: undefined as Order | undefined, search: '', active: 0 };
/** The displayed wait is at most this old. */
const waitMs = 30_000;

export function WorklistView(): ReactNode {
  const { t, language } = useTexts();
  const [filter, setFilter] = useState<Filter>(position.filter);
  const [reading, setReading] = useState<Reading>(position.reading);
  const [order, setOrder] = useState(position.order);
  const [search, setSearch] = useState(position.search);
  const [searched] = useDebouncedValue(search.trim(), 300);
  const { data: counts } = useQuery({ queryKey: ['counts'], queryFn: () => get<WorklistCounts>('/api/worklist/counts') });
  const query = useInfiniteQuery({
    queryKey: ['worklist', filter, reading, order, searched, language],
    queryFn: ({ pageParam }) =>
      get<WorklistPage>(`/api/worklist?${parameters({ filter, reading, order, search: searched, language, after: pageParam })}`),
    refetchInterval: waitMs,
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });
  useEffect(() => void Object.assign(position, { filter, reading, order, search }), [filter, reading, order, search]);
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  const withoutResult = query.data?.pages[0]?.withoutResult ?? [];
  const number = (count: number | undefined): string => (count === undefined ? '' : ` ${count}`);
  return (
    <>
      <Group justify="space-between" align="flex-end" mb="md" gap="sm">
        <Title order={1} size="h2">
          {t('worklist.title')}
        </Title>
        <TextInput
          id="search"
          type="search"
          w={{ base: '100%', sm: 420 }}
          label={t('worklist.search')}
          description={t('worklist.searchHint')}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      </Group>
      <Group mb="md" gap="sm" justify="space-between" align="center">
        <SegmentedControl
          size="sm"
          className="filter"
          aria-label={t('worklist.filter')}
          value={filter}
          onChange={(value) => setFilter(value as Filter)}
          data={[
            { value: 'all', label: t('worklist.all') + number(counts && counts.reported + counts.skipped + counts.failed) },
            { value: 'present', label: t('worklist.present') + number(counts?.present) },
            { value: 'reported', label: t('outcome.reported') + number(counts?.reported) },
            { value: 'skipped', label: t('outcome.skipped') + number(counts?.skipped) },
            { value: 'failed', label: t('outcome.failed') + number(counts?.failed) },
          ]}
        />
        <Group gap="sm" className="choices">
          <NativeSelect
            size="sm"
            aria-label={t('reading.filter')}
            value={reading}
            onChange={(event) => setReading(event.currentTarget.value as Reading)}
            data={(['all', 'unread', 'being-read', 'read'] as const).map((value) => ({ value, label: t(`reading.${value}`) }))}
          />
          <NativeSelect
            size="sm"
            aria-label={t('reading.order')}
            value={order ?? query.data?.pages[0]?.order ?? 'urgency'}
            onChange={(event) => setOrder(event.currentTarget.value as Order)}
            data={(['urgency', 'priority'] as const).map((value) => ({ value, label: t(`reading.order.${value}`) }))}
          />
        </Group>
      </Group>
      <QueryBoundary query={query}>
        {() =>
          rows.length === 0 ? (
            <Text className="card">
              {t(searched || filter !== 'all' || reading !== 'all' ? 'worklist.nothingFound' : 'worklist.empty')}
            </Text>
          ) : (
            <Rows rows={rows} more={query.hasNextPage ? () => void query.fetchNextPage() : undefined} loading={query.isFetchingNextPage} />
          )
        }
      </QueryBoundary>
      {withoutResult.length > 0 && <WithoutResult studies={withoutResult} />}
    </>
  );
}

function parameters({
  filter,
  reading,
  order,
  search,
  language,
  after,
}: {
  readonly filter: Filter;
  readonly reading: Reading;
  readonly order: Order | undefined;
  readonly search: string;
  readonly language: string;
  readonly after: string;
}): string {
  return new URLSearchParams({
    limit: String(pageSize),
    language,
    ...(reading === 'all' ? {} : { reading }),
    ...(order ? { order } : {}),
    ...(filter === 'present' ? { present: 'any' } : filter === 'all' ? {} : { outcome: filter }),
    ...(search ? { search } : {}),
    ...(after ? { after } : {}),
  }).toString();
}

function Rows({
  rows,
  more,
  loading,
}: {
  readonly rows: readonly WorklistRow[];
  readonly more: (() => void) | undefined;
  readonly loading: boolean;
}): ReactNode {
  const { t } = useTexts();
  const [, navigate] = useLocation();
  const [active, setActive] = useState(Math.min(position.active, rows.length - 1));
  const body = useRef<HTMLTableSectionElement>(null);
  const patients = usePatients(useMemo(() => rows.map((row) => row.studyInstanceUID), [rows]));
  const { ref: end, entry } = useIntersection({ rootMargin: '600px' });
  useEffect(() => {
    if (entry?.isIntersecting && more && !loading) more();
  }, [entry?.isIntersecting, more, loading]);
  useEffect(() => {
    position.active = active;
    if (more && !loading && active >= rows.length - 5) more();
  }, [active, rows.length, more, loading]);
  useEffect(() => {
    const move = (to: number): void => {
      const next = Math.max(0, Math.min(rows.length - 1, to));
      setActive(next);
      const row = body.current?.rows[next];
      row?.querySelector('a')?.focus({ preventScroll: true });
      row?.scrollIntoView({ block: 'nearest' });
    };
    const pressed = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
      const open = (): void => navigate(studyView(rows[active]!.studyInstanceUID));
      const moves = new Map([
        ['j', () => move(active + 1)],
        ['k', () => move(active - 1)],
        ['ArrowDown', () => move(active + 1)],
        ['ArrowUp', () => move(active - 1)],
        ['Home', () => move(0)],
        ['End', () => move(rows.length - 1)],
        ['Enter', open],
        ['o', open],
        ['/', () => document.getElementById('search')?.focus()],
      ]);
      // A focused link or button handles Enter itself.
      if (event.key === 'Enter' && event.target instanceof HTMLElement && event.target.closest('a, button')) return;
      const act = moves.get(event.key);
      if (!act) return;
      event.preventDefault();
      act();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, [active, rows, navigate]);
  return (
    <>
      <div className="card" style={{ padding: 0, overflow: 'hidden' }}>
        <Table className="worklist" highlightOnHover>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col" className="wide">
                {t('worklist.column.outcome')}
              </Table.Th>
              <Table.Th scope="col">{t('worklist.column.patient')}</Table.Th>
              <Table.Th scope="col">{t('worklist.column.finding')}</Table.Th>
              <Table.Th scope="col" className="wide">
                {t('reading.column')}
              </Table.Th>
              <Table.Th scope="col" className="wide">
                {t('worklist.column.study')}
              </Table.Th>
              <Table.Th scope="col" className="wide">
                {t('worklist.column.time')}
              </Table.Th>
              <Table.Th scope="col" className="wide">
                {t('worklist.column.model')}
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody ref={body}>
            {rows.map((row, index) => (
              <Table.Tr
                key={row.resultId}
                data-active={index === active}
                data-study={row.studyInstanceUID}
                onClick={() => (setActive(index), navigate(studyView(row.studyInstanceUID)))}
              >
                <WorklistCells row={row} patient={patients[row.studyInstanceUID]} known={row.studyInstanceUID in patients} />
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      <Group justify="space-between" mt="sm">
        <Text size="sm" className="quiet" role="status">
          {t('worklist.shown', { count: rows.length })}
        </Text>
        <Text size="sm" className="quiet wide">
          {t('worklist.keys')}
        </Text>
      </Group>
      {more && (
        <Button ref={end} variant="default" mt="sm" loading={loading} onClick={more}>
          {t('worklist.more')}
        </Button>
      )}
    </>
  );
}

export function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.matches('input, textarea, select') || target.isContentEditable);
}
