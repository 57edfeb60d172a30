import { Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState, type ReactNode } from 'react';
import type { WorklistCounts } from '../../server/page-types.js';
import { get } from '../api.js';
import { QueryBoundary } from '../parts/query-boundary.js';
import { chooseWorklist, isFiltered, leaveWorklist, leftWorklist, worklistPage, type ShownWorklist } from '../reading/worklist-query.js';
import { useTexts } from '../texts/texts.js';
import { WithoutResult } from './without-result.js';
import { WorklistFilters } from './worklist-filters.js';
import { WorklistTable } from './worklist-table.js';

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
            <WorklistTable
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
