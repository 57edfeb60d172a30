import { Button, Group, Table, Text } from '@mantine/core';
import { useIntersection } from '@mantine/hooks';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { memo, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, type Key, type ReactNode, type RefObject } from 'react';
import { useLocation } from 'wouter';
import type { ShownPatient, WorklistRow } from '../../server/page-types.js';
import { studyView } from '../addresses.js';
import { placeCursor, placedCursor, rowOf } from '../reading/worklist-cursor.js';
import type { Direction, Order, ShownWorklist } from '../reading/worklist-query.js';
import { useTexts } from '../texts/texts.js';
import { useKeys } from '../use-keys.js';
import { usePatients } from '../use-patients.js';
import { WorklistCells } from './worklist-cells.js';

/** Rows that are drawn above and below the visible ones. */
const overscan = 6;
/** Of a row before it is measured, in pixels. */
const rowHeight = 64;

/**
 * The rows of the worklist. Only those near the visible part are in the document: however many studies were leafed through, drawing
 * takes the same time.
 */
export function WorklistTable({
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
  const drawn = useDrawnRows(rows, body);
  const isPlaced = useRef(false);
  // Back from a study: its row may be far down.
  useEffect(() => {
    if (isPlaced.current) return;
    isPlaced.current = true;
    const row = body.current?.querySelector('tr[data-active=true]')?.getBoundingClientRect();
    const isVisible = row !== undefined && row.top >= 0 && row.bottom <= window.innerHeight;
    if (active > 0 && !isVisible) drawn.scrollTo(active);
  });
  const wantsFocus = useRef<number>(undefined);
  // A row that was far away is in the document only after it was scrolled to.
  useEffect(() => {
    if (wantsFocus.current !== active) return;
    const link = body.current?.querySelector<HTMLElement>('tr[data-active=true] a');
    if (!link) return;
    wantsFocus.current = undefined;
    link.focus({ preventScroll: true });
    link.closest('tr')?.scrollIntoView({ block: 'nearest' });
  });
  const move = (to: number): void => {
    const next = Math.max(0, Math.min(rows.length - 1, to));
    wantsFocus.current = next;
    setCursor({ study: studies[next], index: next });
    if (!drawn.items.some(({ index }) => index === next)) drawn.scrollTo(next);
  };
  const open = useCallback((study: string) => navigate(studyView(study)), [navigate]);
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
        <Table className="worklist" highlightOnHover aria-rowcount={more ? -1 : rows.length + 1}>
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
            <Gap height={drawn.above} />
            {drawn.items.map(({ key, index }) => {
              const row = rows[index]!;
              return (
                <Row
                  key={key}
                  row={row}
                  patient={patients[row.studyInstanceUID]}
                  known={row.studyInstanceUID in patients}
                  index={index}
                  isActive={index === active}
                  measure={drawn.measure}
                  open={open}
                />
              );
            })}
            <Gap height={drawn.below} />
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

/** In the place of rows that are not drawn. */
function Gap({ height }: { readonly height: number }): ReactNode {
  return height > 0 ? <tr className="gap" style={{ height }} aria-hidden /> : null;
}

/** Drawn again only if something of it changed. */
const Row = memo(function Row({
  row,
  patient,
  known,
  index,
  isActive,
  measure,
  open,
}: {
  readonly row: WorklistRow;
  readonly patient: ShownPatient | undefined;
  readonly known: boolean;
  readonly index: number;
  readonly isActive: boolean;
  readonly measure: (row: HTMLTableRowElement | null) => void;
  readonly open: (study: string) => void;
}): ReactNode {
  return (
    <Table.Tr
      ref={measure}
      data-index={index}
      // Of the table with its head.
      aria-rowindex={index + 2}
      data-active={isActive}
      data-study={row.studyInstanceUID}
      onClick={({ target }) => {
        // The link opens the study itself, in a new tab where the user wants that.
        if (!(target instanceof Element && target.closest('a'))) open(row.studyInstanceUID);
      }}
    >
      <WorklistCells row={row} patient={patient} known={known} />
    </Table.Tr>
  );
});

interface DrawnRows {
  readonly items: readonly { readonly key: Key; readonly index: number }[];
  /** Heights of the rows that are not drawn, in pixels. */
  readonly above: number;
  readonly below: number;
  readonly measure: (row: HTMLTableRowElement | null) => void;
  scrollTo(index: number): void;
}

function useDrawnRows(rows: readonly WorklistRow[], body: RefObject<HTMLTableSectionElement | null>): DrawnRows {
  const [scrollMargin, setScrollMargin] = useState(0);
  useLayoutEffect(() => {
    if (body.current) setScrollMargin(body.current.getBoundingClientRect().top + window.scrollY);
  }, [body]);
  const virtualizer = useWindowVirtualizer<HTMLTableRowElement>({
    count: rows.length,
    estimateSize: () => rowHeight,
    overscan,
    scrollMargin,
    getItemKey: (index) => rows[index]!.resultId,
  });
  const items = virtualizer.getVirtualItems();
  return {
    items,
    above: items.length === 0 ? 0 : items[0]!.start - scrollMargin,
    below: items.length === 0 ? 0 : virtualizer.getTotalSize() - (items.at(-1)!.end - scrollMargin),
    measure: virtualizer.measureElement,
    scrollTo: (index) => virtualizer.scrollToIndex(index, { align: 'center' }),
  };
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
