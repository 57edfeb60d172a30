import { Button, CloseButton, Group, Table, Text, UnstyledButton } from '@mantine/core';
import { memo, useMemo, useState, type ReactNode } from 'react';
import { OutcomeBadge } from '../../parts/finding.js';
import { shortReason } from '../../texts/short-reason.js';
import { findingText } from '../../texts/finding-name.js';
import { probabilityFigure } from '../../texts/numbers.js';
import { useTexts } from '../../texts/texts.js';
import { findingColumns, sortedRows, type SortColumn, type SortOrder, type SummaryRow } from './summary-rows.js';
import type { UploadQueue } from './upload-queue.js';

/** Rows that are drawn at once: the page stays responsive with thousands of files. */
const pageRows = 50;

/** One line for each file: sorted by any column, a page of rows at a time. */
export function SummaryTable({
  rows,
  selected,
  select,
  queue,
}: {
  readonly rows: readonly SummaryRow[];
  readonly selected: string | undefined;
  readonly select: (key: string) => void;
  readonly queue: UploadQueue;
}): ReactNode {
  const { t } = useTexts();
  const [order, setOrder] = useState<SortOrder>();
  const [page, setPage] = useState(0);
  const sorted = useMemo(() => (order ? sortedRows(rows, order) : rows), [rows, order]);
  const columns = useMemo(() => [...findingColumns(rows)], [rows]);
  const last = Math.max(0, Math.ceil(sorted.length / pageRows) - 1);
  const first = Math.min(page, last) * pageRows;
  const heading = (column: SortColumn, label: string): ReactNode => {
    const isSorted = order?.column === column;
    const descending = isSorted && order.descending;
    return (
      <Table.Th scope="col" key={column} aria-sort={isSorted ? (descending ? 'descending' : 'ascending') : 'none'}>
        <UnstyledButton
          className="sort"
          onClick={() => (setOrder({ column, descending: isSorted ? !descending : column.startsWith('finding ') }), setPage(0))}
        >
          {label} <span aria-hidden>{isSorted ? (descending ? '▼' : '▲') : '↕'}</span>
        </UnstyledButton>
      </Table.Th>
    );
  };
  return (
    <section className="card" aria-label={t('analyze.summary')} data-testid="summary">
      <Table.ScrollContainer minWidth={520} scrollAreaProps={{ viewportProps: { tabIndex: 0, 'aria-label': t('analyze.summary') } }}>
        <Table verticalSpacing={6} className="summary">
          <Table.Thead>
            <Table.Tr>
              {heading('path', t('analyze.column.file'))}
              {heading('outcome', t('analyze.column.outcome'))}
              {heading('top', t('analyze.column.top'))}
              {heading('decision', t('analyze.column.decision'))}
              {columns.map(([name, meaning]) => heading(`finding ${name}`, findingText(meaning, t)))}
              {heading('reason', t('analyze.column.reason'))}
              <Table.Th scope="col">{t('analyze.column.actions')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {sorted.slice(first, first + pageRows).map((row) => (
              <Row key={row.key} row={row} columns={columns} isSelected={row.key === selected} select={select} queue={queue} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {last > 0 && (
        <Group gap="sm" mt="sm">
          <Button size="xs" variant="default" disabled={first === 0} onClick={() => setPage(Math.min(page, last) - 1)}>
            {t('analyze.previousRows')}
          </Button>
          <Text size="sm" data-testid="rows-shown">
            {t('analyze.rows', { first: first + 1, last: Math.min(first + pageRows, sorted.length), total: sorted.length })}
          </Text>
          <Button size="xs" variant="default" disabled={page >= last} onClick={() => setPage(Math.min(page, last) + 1)}>
            {t('analyze.nextRows')}
          </Button>
        </Group>
      )}
    </section>
  );
}

interface RowProps {
  readonly row: SummaryRow;
  readonly columns: readonly (readonly [name: string, meaning: string])[];
  readonly isSelected: boolean;
  readonly select: (key: string) => void;
  readonly queue: UploadQueue;
}

const Row = memo(
  function Row({ row, columns, isSelected, select, queue }: RowProps): ReactNode {
    const { t, language } = useTexts();
    const { upload, path, top, findings } = row;
    return (
      <Table.Tr data-testid="summary-row" data-path={path} data-outcome={row.outcome} data-active={isSelected}>
        <Table.Td className="path">
          {row.index === undefined ? (
            path
          ) : (
            <UnstyledButton className="open" aria-current={isSelected ? 'true' : undefined} onClick={() => select(row.key)}>
              {path}
            </UnstyledButton>
          )}
        </Table.Td>
        <Table.Td>
          <State row={row} />
        </Table.Td>
        <Table.Td>{top && findingText(top.meaning, t)}</Table.Td>
        <Table.Td>{top && <span className={top.decision}>{t(`decision.${top.decision}`)}</span>}</Table.Td>
        {columns.map(([name]) => {
          const found = findings.find((one) => one.name === name);
          return (
            <Table.Td key={name} className="number">
              {found && <span className={found.decision}>{probabilityFigure(found, language)} %</span>}
            </Table.Td>
          );
        })}
        <Table.Td className="reason">
          {row.code === undefined ? row.reason : shortReason({ code: row.code, reason: row.reason }, t)}
        </Table.Td>
        <Table.Td>
          <Actions row={row} path={path} queue={queue} id={upload.id} />
        </Table.Td>
      </Table.Tr>
    );
  },
  // The row objects are made anew when any file changes; what is drawn depends on the upload only.
  (before, next) =>
    before.row.upload === next.row.upload && before.isSelected === next.isSelected && before.columns.length === next.columns.length,
);

function State({ row: { outcome, upload } }: { readonly row: SummaryRow }): ReactNode {
  const { t } = useTexts();
  if (outcome === 'reported' || outcome === 'skipped' || outcome === 'failed') return <OutcomeBadge outcome={outcome} />;
  const { state } = upload;
  if (state.kind !== 'sending') return t(outcome === 'waiting' ? 'analyze.queued' : 'analyze.cancelled');
  return state.share < 1 ? t('analyze.sending', { percent: Math.round(state.share * 100) }) : t('analyze.running');
}

function Actions({
  row: { outcome, upload },
  path,
  queue,
  id,
}: {
  readonly row: SummaryRow;
  readonly path: string;
  readonly queue: UploadQueue;
  readonly id: number;
}): ReactNode {
  const { t } = useTexts();
  const active = outcome === 'waiting' || outcome === 'sending';
  const again = outcome === 'cancelled' || upload.state.kind === 'refused';
  return (
    <Group gap={4} wrap="nowrap" justify="flex-end">
      {active && (
        <Button size="compact-xs" variant="default" aria-label={`${t('analyze.cancel')}: ${path}`} onClick={() => queue.cancel(id)}>
          {t('analyze.cancel')}
        </Button>
      )}
      {again && (
        <Button size="compact-xs" variant="default" aria-label={`${t('app.tryAgain')}: ${path}`} onClick={() => queue.retry(id)}>
          {t('app.tryAgain')}
        </Button>
      )}
      <CloseButton size="sm" aria-label={`${t('analyze.remove')}: ${path}`} onClick={() => queue.remove(id)} />
    </Group>
  );
}
