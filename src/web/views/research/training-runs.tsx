import { Button, Checkbox, Group, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { ShownRunList } from '../../../server/page-types.js';
import { get } from '../../api.js';
import { withLine } from '../../model-line.js';
import { QueryBoundary } from '../../parts/query-boundary.js';
import { moment } from '../../parts/time.js';
import { actorText } from '../../texts/known-sentence.js';
import { useTexts } from '../../texts/texts.js';
import { RunComparison } from './run-comparison.js';

/** A run begins and ends without an event of the service. */
const reloadMs = 10_000;

/** Training runs of the service and of the command line: one is shown, two are compared. */
export function TrainingRuns({ line }: { readonly line: string }): ReactNode {
  const { t } = useTexts();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const query = useQuery({
    queryKey: ['runs', line],
    queryFn: () => get<ShownRunList>(withLine('/api/runs', line)),
    refetchInterval: reloadMs,
  });
  return (
    <section className="card" aria-labelledby="runs" data-testid="runs">
      <Title order={2} size="h4" id="runs" mb="sm">
        {t('runs.title')}
      </Title>
      <QueryBoundary query={query}>
        {({ runs }) => {
          // Without a choice the newest run is shown.
          const shown = chosen.length > 0 ? chosen.filter((id) => runs.some((run) => run.id === id)) : runs.slice(0, 1).map(({ id }) => id);
          return runs.length === 0 ? (
            <Text>{t('runs.none')}</Text>
          ) : (
            <>
              <Text size="sm" className="quiet" mb="xs">
                {t('runs.hint')}
              </Text>
              <RunTable runs={runs} shown={shown} choose={setChosen} />
              <RunComparison ids={shown} line={line} />
            </>
          );
        }}
      </QueryBoundary>
    </section>
  );
}

function RunTable({
  runs,
  shown,
  choose,
}: {
  readonly runs: ShownRunList['runs'];
  readonly shown: readonly string[];
  readonly choose: (ids: readonly string[]) => void;
}): ReactNode {
  const { t, language } = useTexts();
  return (
    <Table.ScrollContainer minWidth={560} scrollAreaProps={{ viewportProps: { tabIndex: 0, 'aria-label': t('runs.title') } }}>
      <Table verticalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t('runs.show')}</Table.Th>
            <Table.Th scope="col">{t('runs.started')}</Table.Th>
            <Table.Th scope="col">{t('runs.kind')}</Table.Th>
            <Table.Th scope="col">{t('runs.name')}</Table.Th>
            <Table.Th scope="col">{t('runs.state')}</Table.Th>
            <Table.Th scope="col" className="number">
              {t('runs.images')}
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {runs.map(({ id, startedAt, endedAt, kind, name, images }) => (
            <Table.Tr key={id} data-run={id}>
              <Table.Td>
                <Checkbox
                  aria-label={`${t('runs.show')}: ${id}`}
                  checked={shown.includes(id)}
                  // Of three the oldest choice gives way.
                  onChange={(event) => choose(event.currentTarget.checked ? [...shown, id].slice(-2) : shown.filter((one) => one !== id))}
                />
              </Table.Td>
              <Table.Td>{moment(startedAt, language)}</Table.Td>
              <Table.Td>{t(`runs.kind.${kind}`)}</Table.Td>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>{actorText(name, t)}</Table.Td>
              <Table.Td>{t(endedAt === undefined ? 'runs.open' : 'runs.ended')}</Table.Td>
              <Table.Td className="number">{Object.values(images).reduce((sum, n) => sum + n, 0)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {shown.length > 1 && (
        <Group mt="xs">
          <Button size="compact-xs" variant="default" onClick={() => choose([])}>
            {t('runs.clear')}
          </Button>
        </Group>
      )}
    </Table.ScrollContainer>
  );
}
