import { Button, Group, SegmentedControl, Table, Text, TextInput, Title } from '@mantine/core';
import { useDebouncedValue, useIntersection } from '@mantine/hooks';
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import type { ShownPatient, WorklistCounts, WorklistPage, WorklistRow } from '../../server/page-types.js';
import { get } from '../api.js';
import { QueryBoundary } from '../parts/query-boundary.js';
import { sortedByImportance, probabilityText } from '../finding-order.js';
import { OutcomeBadge, ProbabilityBar } from '../parts/finding.js';
import { shortReason } from '../parts/reason.js';
import { Ago, dicomDate } from '../parts/time.js';
import { useTexts } from '../texts/texts.js';
import { studyView } from '../addresses.js';

type Filter = 'all' | 'present' | 'reported' | 'skipped' | 'failed';
const urgentFrom = 8;
const pageSize = 50;
/** Stored while a study is open, so that the worklist is at the same position afterwards. */
const position = { filter: 'all' as Filter, search: '', active: 0 };

export function WorklistView(): ReactNode {
  const { t } = useTexts();
  const [filter, setFilter] = useState<Filter>(position.filter);
  const [search, setSearch] = useState(position.search);
  const [searched] = useDebouncedValue(search.trim(), 300);
  const { data: counts } = useQuery({ queryKey: ['counts'], queryFn: () => get<WorklistCounts>('/api/worklist/counts') });
  const query = useInfiniteQuery({
    queryKey: ['worklist', filter, searched],
    queryFn: ({ pageParam }) => get<WorklistPage>(`/api/worklist?${parameters(filter, searched, pageParam)}`),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });
  useEffect(() => void Object.assign(position, { filter, search }), [filter, search]);
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
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
      <SegmentedControl
        mb="md"
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
      <QueryBoundary query={query}>
        {() =>
          rows.length === 0 ? (
            <Text className="card">{t(searched || filter !== 'all' ? 'worklist.nothingFound' : 'worklist.empty')}</Text>
          ) : (
            <Rows rows={rows} more={query.hasNextPage ? () => void query.fetchNextPage() : undefined} loading={query.isFetchingNextPage} />
          )
        }
      </QueryBoundary>
    </>
  );
}

function parameters(filter: Filter, search: string, after: string): string {
  return new URLSearchParams({
    limit: String(pageSize),
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
  const patients = usePatients(rows);
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
                <Row row={row} patient={patients[row.studyInstanceUID]} known={row.studyInstanceUID in patients} />
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

function Row({
  row,
  patient,
  known,
}: {
  readonly row: WorklistRow;
  readonly patient: ShownPatient | undefined;
  readonly known: boolean;
}): ReactNode {
  const { t, language } = useTexts();
  const [top, ...others] = sortedByImportance(row.findings).filter((one) => one.decision !== 'absent');
  return (
    <>
      <Table.Td className="wide">
        <OutcomeBadge outcome={row.outcome} />
        {row.priority >= urgentFrom && (
          <Text size="sm" fw={700} className="present" title={t('worklist.priority', { priority: row.priority })}>
            ▲ {t('worklist.urgent')}
          </Text>
        )}
      </Table.Td>
      <Table.Td className="patient">
        {row.outcome !== 'reported' && (
          <div className="narrow">
            <OutcomeBadge outcome={row.outcome} />
          </div>
        )}
        {row.priority >= urgentFrom && (
          <Text size="sm" fw={700} className="present narrow">
            ▲ {t('worklist.urgent')}
          </Text>
        )}
        <Link href={studyView(row.studyInstanceUID)}>
          <Text component="span" fw={600}>
            {patient?.name || patient?.patientId || (known ? t('worklist.unknownPatient') : row.studyInstanceUID.slice(-12))}
          </Text>
        </Link>
        <Text size="sm" className="quiet">
          {patient ? [patient.patientId, patient.sex, dicomDate(patient.birthDate, language)].filter(Boolean).join(' · ') : ' '}
        </Text>
      </Table.Td>
      <Table.Td className="finding">
        {row.outcome !== 'reported' ? (
          <Text size="sm" className="quiet" lineClamp={2} title={row.reason}>
            {shortReason(row, t)}
          </Text>
        ) : top ? (
          <>
            <Text size="sm">
              <b className={top.decision}>{probabilityText(top)} %</b> {top.meaning}{' '}
              <span className="quiet">
                {top.decision === 'undetermined' ? t('decision.undetermined') : ''}
                {others.length > 0 ? ` +${others.length}` : ''}
              </span>
            </Text>
            <ProbabilityBar probability={top.probability} decision={top.decision} />
          </>
        ) : (
          <Text size="sm" className="absent">
            {t('worklist.nonePresent')}
          </Text>
        )}
      </Table.Td>
      <Table.Td className="wide fit">
        <Text size="sm">
          {patient ? [patient.modalities.join(', '), dicomDate(patient.studyDate, language)].filter(Boolean).join(' · ') : ''}
        </Text>
        <Text size="sm" className="quiet">
          {patient?.description}
        </Text>
      </Table.Td>
      <Table.Td className="wide fit">
        <Text size="sm">
          <Ago at={row.createdAt} />
        </Text>
      </Table.Td>
      <Table.Td className="wide fit">
        <span className="mono quiet">{row.modelVersion}</span>
      </Table.Td>
    </>
  );
}

/** The patients of the rows, from the PACS; each study is requested once. */
function usePatients(rows: readonly WorklistRow[]): Readonly<Record<string, ShownPatient | undefined>> {
  const [known, setKnown] = useState<Readonly<Record<string, ShownPatient | undefined>>>({});
  useEffect(() => {
    const missing = rows
      .map((row) => row.studyInstanceUID)
      .filter((uid) => !(uid in known))
      .slice(0, pageSize);
    if (missing.length === 0) return;
    let mounted = true;
    get<Readonly<Record<string, ShownPatient>>>(`/api/patients?studies=${missing.map(encodeURIComponent).join(',')}`)
      .then((found) => mounted && setKnown((before) => ({ ...before, ...Object.fromEntries(missing.map((uid) => [uid, found[uid]])) })))
      .catch(() => undefined);
    return () => {
      mounted = false;
    };
  }, [rows, known]);
  return known;
}

export function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.matches('input, textarea, select') || target.isContentEditable);
}
