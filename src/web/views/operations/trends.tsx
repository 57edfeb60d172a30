import { SegmentedControl, SimpleGrid, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState, type ReactNode } from 'react';
import type { ShownTrends } from '../../../server/page-types.js';
import { get } from '../../api.js';
import { Loading, QueryBoundary } from '../../parts/query-boundary.js';
import { useTexts } from '../../texts/texts.js';

const TimePlot = lazy(() => import('../../parts/time-plot.js').then((one) => ({ default: one.TimePlot })));

const hoursOf = { day: 24, week: 168 } as const;

/** Studies, durations, failures and queue length of the last day or week, by hour. */
export function Trends(): ReactNode {
  const { t } = useTexts();
  const [period, setPeriod] = useState<keyof typeof hoursOf>('day');
  const query = useQuery({
    queryKey: ['trends', period],
    queryFn: () => get<ShownTrends>(`/api/trends?hours=${hoursOf[period]}`),
    refetchInterval: 60_000,
  });
  return (
    <Stack gap="sm">
      <SegmentedControl
        className="choices"
        aria-label={t('trends.period')}
        value={period}
        onChange={(value) => setPeriod(value as keyof typeof hoursOf)}
        data={[
          { value: 'day', label: t('trends.day') },
          { value: 'week', label: t('trends.week') },
        ]}
        style={{ alignSelf: 'flex-start' }}
      />
      <QueryBoundary query={query}>
        {({ hours }) => (
          <>
            <Suspense fallback={<Loading />}>
              <Charts hours={hours} />
            </Suspense>
            <FiguresTable hours={hours} />
          </>
        )}
      </QueryBoundary>
    </Stack>
  );
}

type Hours = ShownTrends['hours'];

function Charts({ hours }: { readonly hours: Hours }): ReactNode {
  const { t } = useTexts();
  const times = hours.map(({ hour }) => Date.parse(hour) / 1000);
  const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);
  return (
    <SimpleGrid cols={{ base: 1, lg: 3 }} spacing="md" data-testid="trends">
      <TimePlot
        name="trend-studies"
        label={t('trends.studies')}
        times={times}
        series={[
          { name: t('trends.reported'), values: hours.map(({ reported }) => reported) },
          { name: t('trends.skipped'), values: hours.map(({ skipped }) => skipped) },
          { name: t('trends.failed'), values: hours.map(({ failed }) => failed) },
        ]}
      />
      <TimePlot
        name="trend-duration"
        label={t('trends.duration')}
        times={times}
        series={[
          { name: t('trends.median'), values: hours.map(({ medianMs }) => seconds(medianMs)) },
          { name: t('trends.p95'), values: hours.map(({ p95Ms }) => seconds(p95Ms)) },
        ]}
      />
      <TimePlot
        name="trend-queue"
        label={t('trends.queue')}
        times={times}
        series={[{ name: t('trends.waiting'), values: hours.map(({ maxWaiting }) => maxWaiting) }]}
      />
    </SimpleGrid>
  );
}

/** The figures of the plots, for users who do not see them. */
function FiguresTable({ hours }: { readonly hours: Hours }): ReactNode {
  const { t, language } = useTexts();
  const at = new Intl.DateTimeFormat(language, { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  const columns = ['reported', 'skipped', 'failed'] as const;
  return (
    <details>
      <summary>{t('trends.table')}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls must be reached by keyboard */}
      <section className="scrolled" tabIndex={0} aria-label={t('trends.table')}>
        <table className="figures">
          <thead>
            <tr>
              <th scope="col">{t('trends.hour')}</th>
              {columns.map((column) => (
                <th key={column} scope="col" className="number">
                  {t(`trends.${column}`)}
                </th>
              ))}
              <th scope="col" className="number">
                {t('trends.median')}
              </th>
              <th scope="col" className="number">
                {t('trends.p95')}
              </th>
              <th scope="col" className="number">
                {t('trends.waiting')}
              </th>
            </tr>
          </thead>
          <tbody>
            {[...hours].reverse().map((one) => (
              <tr key={one.hour}>
                <th scope="row">{at.format(new Date(one.hour))}</th>
                {columns.map((column) => (
                  <td key={column} className="number">
                    {one[column]}
                  </td>
                ))}
                <td className="number">{one.medianMs === null ? '–' : number.format(one.medianMs / 1000)}</td>
                <td className="number">{one.p95Ms === null ? '–' : number.format(one.p95Ms / 1000)}</td>
                <td className="number">{one.maxWaiting}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
