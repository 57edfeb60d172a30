import { Button, Group, NativeSelect, SegmentedControl, TextInput, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import type { WorklistCounts } from '../../server/page-types.js';
import {
  isFiltered,
  readingFilters,
  wholeWorklist,
  type Order,
  type OutcomeFilter,
  type ReadingChoice,
  type ShownWorklist,
} from '../reading/worklist-query.js';
import { useTexts } from '../texts/texts.js';

/** Of chest images (src/reporting/sweep-pacs.ts). */
const modalities = ['CR', 'DX', 'CT'] as const;
const orders = ['urgency', 'priority', 'time'] as const;

/** Search, filters and order above the worklist. */
export function WorklistFilters({
  query,
  order,
  counts,
  change,
}: {
  readonly query: ShownWorklist;
  readonly order: Order;
  readonly counts: WorklistCounts | undefined;
  change(changed: Partial<ShownWorklist>): void;
}): ReactNode {
  const { t } = useTexts();
  const number = (count: number | undefined): string => (count === undefined ? '' : ` ${count}`);
  const readingCounts: Partial<Record<ReadingChoice, number>> = counts ? { 'to-read': counts.toRead, disagreed: counts.disagreed } : {};
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
          value={query.search}
          onChange={(event) => change({ search: event.currentTarget.value })}
        />
      </Group>
      <Group mb="sm" gap="sm" justify="space-between" align="center">
        <SegmentedControl
          size="sm"
          className="filter"
          aria-label={t('worklist.filter')}
          value={query.filter}
          onChange={(value) => change({ filter: value as OutcomeFilter })}
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
            value={query.reading}
            onChange={(event) => change({ reading: event.currentTarget.value as ReadingChoice })}
            data={readingFilters.map((value) => ({ value, label: t(`reading.${value}`) + number(readingCounts[value]) }))}
          />
          <NativeSelect
            size="sm"
            aria-label={t('reading.order')}
            value={order}
            onChange={(event) => change({ order: event.currentTarget.value as Order, direction: 'descending' })}
            data={orders.map((value) => ({ value, label: t(`reading.order.${value}`) }))}
          />
        </Group>
      </Group>
      <Group mb="md" gap="sm" align="flex-end" className="choices">
        <TextInput
          size="xs"
          type="date"
          label={t('worklist.since')}
          value={query.since}
          onChange={(event) => change({ since: event.currentTarget.value })}
        />
        <TextInput
          size="xs"
          type="date"
          label={t('worklist.until')}
          value={query.until}
          onChange={(event) => change({ until: event.currentTarget.value })}
        />
        <NativeSelect
          size="xs"
          label={t('worklist.modality')}
          value={query.modality}
          onChange={(event) => change({ modality: event.currentTarget.value })}
          data={[{ value: '', label: t('worklist.anyModality') }, ...modalities]}
        />
        {isFiltered(query) && (
          <Button size="xs" variant="subtle" onClick={() => change({ ...wholeWorklist, order: query.order, direction: query.direction })}>
            {t('worklist.clear')}
          </Button>
        )}
      </Group>
    </>
  );
}
