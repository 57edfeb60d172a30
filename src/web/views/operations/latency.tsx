import { Table, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Operations } from '../../../server/page-types.js';
import { isText } from '../../texts/en.js';
import { useTexts, type Translate } from '../../texts/texts.js';

/** Steps of a study, in order. */
const order = ['metadata', 'retrieve', 'decode', 'infer', 'heatMap', 'report', 'store', 'readBack', 'total'];

/** Median and 95th percentile of each step. */
export function Latency({ latency }: { readonly latency: Operations['latency'] }): ReactNode {
  const { t } = useTexts();
  const maxMs = Math.max(1, ...latency.steps.map((one) => one.p95Ms));
  const steps = [...latency.steps].sort((a, b) => order.indexOf(a.step) - order.indexOf(b.step));
  return (
    <>
      <Text size="sm" className="quiet" mb="xs">
        {t('operations.latencyOf', { n: latency.results })}
      </Text>
      <Table verticalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t('operations.step')}</Table.Th>
            <Table.Th scope="col" className="wide" />
            <Table.Th scope="col" className="number">
              {t('operations.median')}
            </Table.Th>
            <Table.Th scope="col" className="number">
              {t('operations.p95')}
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {steps.map(({ step, medianMs, p95Ms }) => (
            <Table.Tr key={step}>
              <Table.Td>{stepName(step, t)}</Table.Td>
              <Table.Td className="wide" w="40%">
                <div className="bar absent" aria-hidden>
                  <span style={{ width: `${(medianMs / maxMs) * 100}%` }} />
                  <i style={{ left: `${Math.min(99, (p95Ms / maxMs) * 100)}%` }} />
                </div>
              </Table.Td>
              <Table.Td className="number">{medianMs}</Table.Td>
              <Table.Td className="number">{p95Ms}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </>
  );
}

/** A step of another release has no text. */
function stepName(step: string, t: Translate): string {
  const key = `step.${step}`;
  return isText(key) ? t(key) : step;
}
