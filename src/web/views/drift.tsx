import { Table, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ShownDrift } from '../../server/page-types.js';
import { useTexts } from '../texts/texts.js';

/** Whether what the model says has moved lately; figures only, for a person to judge. */
export function Drift({ drift }: { readonly drift: readonly ShownDrift[] }): ReactNode {
  const { t } = useTexts();
  return (
    <section className="card" aria-labelledby="drift">
      <Title order={2} size="h4" id="drift" mb={4}>{t('drift.title')}</Title>
      <Text size="sm" className="quiet" mb="xs">{t(drift.length === 0 ? 'drift.none' : 'drift.hint')}</Text>
      {drift.length > 0 && (
        <Table.ScrollContainer minWidth={620} scrollAreaProps={{ viewportProps: { tabIndex: 0, 'aria-label': t('drift.title') } }}>
          <Table verticalSpacing={6}>
            <Table.Thead><Table.Tr><Table.Th scope="col">{t('drift.finding')}</Table.Th>{(['drift.before', 'drift.lately', 'drift.stability', 'drift.expected', 'drift.pValue'] as const).map((key) => <Table.Th scope="col" key={key} className="number">{t(key)}</Table.Th>)}</Table.Tr></Table.Thead>
            <Table.Tbody>
              {drift.map((one) => (
                <Table.Tr key={`${one.rule} ${one.finding}`}>
                  <Table.Td>{one.finding} <span className="quiet">{one.rule}</span></Table.Td>
                  {[`${one.meanBefore.toFixed(3)} (${one.before})`, `${one.meanLately.toFixed(3)} (${one.lately})`, one.stability.toFixed(3), one.expectedStability.toFixed(3), one.pValue < 0.001 ? '< 0.001' : one.pValue.toFixed(3)].map((cell, index) => <Table.Td key={index} className="number">{cell}</Table.Td>)}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </section>
  );
}
