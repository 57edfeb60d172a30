import { Button, Group, Table, Text } from '@mantine/core';
import { useDebouncedValue, useIntersection } from '@mantine/hooks';
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { useLocation } from 'wouter';
import type { WorklistCounts, WorklistRow } from '../../server/page-types.js';
import { get } from '../api.js';
import { QueryBoundary } from '../parts/query-boundary.js';
import {
  chooseWorklist,
  isFiltered,
  leaveWorklist,
  leftWorklist,
  worklistPage,
  type Direction,
  type Order,
  type ShownWorklist,
} from '../reading/worklist-query.js';
import { placeCursor, placedCursor, rowOf } from '../reading/worklist-cursor.js';
import { useTexts } from '../texts/texts.js';
import { studyView } from '../addresses.js';
import { useKeys } from '../use-keys.js';
import { usePatients } from '../use-patients.js';
import { WithoutResult } from './without-result.js';
import { WorklistCells } from './worklist-cells.js';
import { WorklistFilters } from './worklist-filters.js';

/** The displayed wait is at most this old. */
const waitMs = 30_000;

export function WorklistView(): ReactNode {
  const { t, language } = useTexts();
  const [query, setQuery] = useState<ShownWorklist>(() => leftWorklist().query);
  const [searched] = useDebouncedValue(query.search.trim(), 300);
  const asked = useMemo(() => ({ ...query, search: searched }), [query, searched]);
  const { data: counts } = useQuery({ queryKey: ['counts'], queryFn: () => get<WorklistCounts>('/api/worklist/counts') });
  const pages = useInfiniteQuery({
    queryKey: ['worklist', asked, language],
    queryFn: ({ pageParam }) => worklistPage(asked, language, pageParam),
    refetchInterval: waitMs,
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });
  // A row that moved while the pages were loaded is in two of them.
  const rows = useMemo(
    () => [...new Map(pages.data?.pages.flatMap((page) => page.rows).map((row) => [row.studyInstanceUID, row])).values()],
    [pages.data],
  );
  const next = pages.data?.pages.at(-1)?.next;
  useEffect(() => chooseWorklist(query), [query]);
  useEffect(() => {
    if (pages.data && !pages.isPlaceholderData) leaveWorklist(query, rows, next);
  }, [query, rows, next, pages.data, pages.isPlaceholderData]);
  const change = (changed: Partial<ShownWorklist>): void => setQuery((before) => ({ ...before, ...changed }));
  const order = query.order ?? pages.data?.pages[0]?.order ?? 'urgency';
  const withoutResult = pages.data?.pages[0]?.withoutResult ?? [];
  return (
    <>
      <WorklistFilters query={query} order={order} counts={counts} change={change} />
      <QueryBoundary query={pages}>
        {() =>
          rows.length === 0 ? (
            <Text className="card">{t(isFiltered(query) ? 'worklist.nothingFound' : 'worklist.empty')}</Text>
          ) : (
            <Rows
              rows={rows}
              sorted={{ order, direction: query.direction, change }}
              more={pages.hasNextPage ? () => void pages.fetchNextPage() : undefined}
              loading={pages.isFetchingNextPage}
            />
          )
        }
      </QueryBoundary>
      {withoutResult.length > 0 && <WithoutResult studies={withoutResult} />}
    </>
  );
}

function Rows({
  rows,
  sorted,
  more,
  loading,
}: {
  readonly rows: readonly WorklistRow[];
  readonly sorted: Sorted;
  readonly more: (() => void) | undefined;
  readonly loading: boolean;
}): ReactNode {
  const { t } = useTexts();
  const [, navigate] = useLocation();
  const studies = useMemo(() => rows.map((row) => row.studyInstanceUID), [rows]);
  const [cursor, setCursor] = useState(placedCursor);
  const active = rowOf(cursor, studies);
  const body = useRef<HTMLTableSectionElement>(null);
  const patients = usePatients(studies);
  const { ref: end, entry } = useIntersection({ rootMargin: '600px' });
  useEffect(() => {
    if (entry?.isIntersecting && more && !loading) more();
  }, [entry?.isIntersecting, more, loading]);
  useEffect(() => {
    placeCursor(studies[active], studies);
    setCursor((before) => (before.study === studies[active] && before.index === active ? before : placedCursor()));
  }, [active, studies]);
  useEffect(() => {
    if (more && !loading && active >= rows.length - 5) more();
  }, [active, rows.length, more, loading]);
  const move = (to: number): void => {
    const next = Math.max(0, Math.min(rows.length - 1, to));
    setCursor({ study: studies[next], index: next });
    const row = body.current?.rows[next];
    row?.querySelector('a')?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: 'nearest' });
  };
  useKeys('worklist', {
    down: () => move(active + 1),
    up: () => move(active - 1),
    first: () => move(0),
    last: () => move(rows.length - 1),
    open: () => studies[active] !== undefined && navigate(studyView(studies[active])),
    search: () => document.getElementById('search')?.focus(),
  });
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
              <SortableColumn order="urgency" text={t('reading.column')} sorted={sorted} />
              <Table.Th scope="col" className="wide">
                {t('worklist.column.read')}
              </Table.Th>
              <Table.Th scope="col" className="wide">
                {t('worklist.column.study')}
              </Table.Th>
              <SortableColumn order="time" text={t('worklist.column.time')} sorted={sorted} />
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
                onClick={() => navigate(studyView(row.studyInstanceUID))}
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

interface Sorted {
  readonly order: Order;
  readonly direction: Direction;
  change(changed: Partial<ShownWorklist>): void;
}

/** A column by which the server can sort; a click on the column that sorts turns the order round, where it has two. */
function SortableColumn({ order, text, sorted }: { readonly order: Order; readonly text: string; readonly sorted: Sorted }): ReactNode {
  const { t } = useTexts();
  const isSorted = sorted.order === order;
  const direction: Direction = isSorted && order !== 'urgency' && sorted.direction === 'descending' ? 'ascending' : 'descending';
  return (
    <Table.Th scope="col" className="wide" aria-sort={isSorted ? (order === 'urgency' ? 'descending' : sorted.direction) : undefined}>
      <button type="button" className="sort" title={t('worklist.sort')} onClick={() => sorted.change({ order, direction })}>
        {text}
        {isSorted ? (order !== 'urgency' && sorted.direction === 'ascending' ? ' ▲' : ' ▼') : ''}
      </button>
    </Table.Th>
  );
}
