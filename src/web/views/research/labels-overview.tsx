import { Anchor, SimpleGrid, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { ShownLabelOverview } from '../../../server/page-types.js';
import { studyView } from '../../addresses.js';
import { get } from '../../api.js';
import { QueryBoundary } from '../../parts/query-boundary.js';
import { outputText } from '../../texts/finding-name.js';
import { useTexts } from '../../texts/texts.js';

/** Labels by finding, reader and site, and the findings on which readers disagree. */
export function LabelsOverview(): ReactNode {
  const { t } = useTexts();
  const query = useQuery({ queryKey: ['labels'], queryFn: () => get<ShownLabelOverview>('/api/labels') });
  return (
    <section className="card" aria-labelledby="labels" data-testid="labels">
      <Title order={2} size="h4" id="labels" mb="sm">
        {t('labels.title')}
      </Title>
      <QueryBoundary query={query}>
        {({ studies, statements, findings, readers, sites, disagreements }) =>
          statements === 0 ? (
            <Text>{t('labels.none')}</Text>
          ) : (
            <Stack gap="md">
              <Text size="sm">{t('labels.total', { studies, statements })}</Text>
              <SimpleGrid cols={{ base: 1, md: 3 }} spacing="lg">
                <Counts
                  caption={t('labels.byFinding')}
                  columns={[t('labels.finding'), t('decision.present'), t('decision.absent'), t('labels.open')]}
                  rows={findings.map(({ name, present, absent, undetermined, disagreed }) => [
                    outputText(name, t),
                    present,
                    absent,
                    undetermined + disagreed,
                  ])}
                />
                <Counts
                  caption={t('labels.byReader')}
                  columns={[t('labels.reader'), t('labels.statements'), t('labels.studies')]}
                  rows={readers.map(({ reader, statements: n, studies: of }) => [reader, n, of])}
                />
                <Counts
                  caption={t('labels.bySite')}
                  columns={[t('labels.site'), t('labels.labels'), t('labels.studies')]}
                  rows={sites.map(({ site, labels, studies: of }) => [site === '' ? t('labels.unknownSite') : site, labels, of])}
                />
              </SimpleGrid>
              <Disagreements disagreements={disagreements} />
            </Stack>
          )
        }
      </QueryBoundary>
    </section>
  );
}

function Counts({
  caption,
  columns,
  rows,
}: {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly [string, ...number[]])[];
}): ReactNode {
  return (
    <Table.ScrollContainer minWidth={280} scrollAreaProps={{ viewportProps: { tabIndex: 0, 'aria-label': caption } }}>
      <Table verticalSpacing={4} captionSide="top" aria-label={caption}>
        <Table.Caption>{caption}</Table.Caption>
        <Table.Thead>
          <Table.Tr>
            {columns.map((column, index) => (
              <Table.Th scope="col" key={column} className={index > 0 ? 'number' : ''}>
                {column}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(([name, ...numbers]) => (
            <Table.Tr key={name}>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>{name}</Table.Td>
              {numbers.map((number, index) => (
                <Table.Td key={index} className="number">
                  {number}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Disagreements({ disagreements }: Pick<ShownLabelOverview, 'disagreements'>): ReactNode {
  const { t } = useTexts();
  return (
    <div data-testid="disagreements">
      <Title order={3} size="h5" mb={4}>
        {t('labels.disagreements', { n: disagreements.length })}
      </Title>
      {disagreements.length === 0 ? (
        <Text size="sm" className="quiet">
          {t('labels.noDisagreements')}
        </Text>
      ) : (
        <Stack gap={2}>
          {disagreements.map(({ studyInstanceUID, finding, present, absent }) => (
            <Text size="sm" key={`${studyInstanceUID} ${finding}`}>
              {outputText(finding, t)}: {t('labels.disagreement', { present, absent })} ·{' '}
              <Anchor component={Link} href={studyView(studyInstanceUID)} className="mono" size="sm" underline="always">
                {studyInstanceUID}
              </Anchor>
            </Text>
          ))}
        </Stack>
      )}
    </div>
  );
}
