import { Table } from '@mantine/core';
import type { ReactNode } from 'react';
import type { QueueState } from '../../../server/page-types.js';
import { useTexts } from '../../texts/texts.js';

const columns = ['waiting', 'active', 'retrying', 'failed'] as const;

/** Number of jobs by queue and state, of all processes. */
export function Queues({ queues }: { readonly queues: readonly QueueState[] }): ReactNode {
  const { t } = useTexts();
  return (
    <Table.ScrollContainer minWidth={300} scrollAreaProps={{ viewportProps: { tabIndex: 0, 'aria-label': t('operations.queues') } }}>
      <Table verticalSpacing={6} horizontalSpacing={6} className="queues">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t('operations.queue')}</Table.Th>
            {columns.map((column) => (
              <Table.Th key={column} scope="col" className="number">
                {t(`operations.${column}`)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {queues.map((queue) => (
            <Table.Tr key={queue.queue}>
              <Table.Td>{queue.queue}</Table.Td>
              {columns.map((column) => (
                <Table.Td key={column} className={`number ${column === 'failed' && queue.failed > 0 ? 'present' : ''}`}>
                  {queue[column]}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
