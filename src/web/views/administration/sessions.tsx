import { Badge, Button, Stack, Table, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { ShownSession } from '../../../server/page-types.js';
import { get, post } from '../../api.js';
import { QueryBoundary } from '../../parts/query-boundary.js';
import { Ago } from '../../parts/time.js';
import { useTexts } from '../../texts/texts.js';
import { Refusal, ScrolledTable } from './parts.js';

/** Who is logged in, with the browser and the last activity; one session is ended here, all of an account at the account. */
export function SessionList(): ReactNode {
  const { t } = useTexts();
  const client = useQueryClient();
  const query = useQuery({
    queryKey: ['sessions'],
    queryFn: () => get<readonly ShownSession[]>('/api/sessions'),
    refetchInterval: 30_000,
  });
  const end = useMutation({
    mutationFn: (id: string) => post(`/api/sessions/${encodeURIComponent(id)}/end`),
    onSettled: () => client.invalidateQueries({ queryKey: ['sessions'] }),
  });
  return (
    <Stack gap="sm">
      <QueryBoundary query={query}>
        {(sessions) =>
          sessions.length === 0 ? (
            <Text className="quiet">{t('administration.noSessions')}</Text>
          ) : (
            <ScrolledTable label={t('administration.sessions')} name="sessions">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th scope="col">{t('administration.account')}</Table.Th>
                  <Table.Th scope="col" className="wide">
                    {t('administration.browser')}
                  </Table.Th>
                  <Table.Th scope="col" className="wide">
                    {t('administration.address')}
                  </Table.Th>
                  <Table.Th scope="col" className="wide">
                    {t('administration.begun')}
                  </Table.Th>
                  <Table.Th scope="col">{t('administration.lastActivity')}</Table.Th>
                  <Table.Th scope="col">{t('administration.actions')}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {sessions.map((one) => (
                  <Table.Tr key={one.id} data-session={one.account}>
                    <Table.Td style={{ overflowWrap: 'break-word' }}>{one.account}</Table.Td>
                    <Table.Td className="wide">{one.browser || <span className="quiet">{t('administration.unknown')}</span>}</Table.Td>
                    <Table.Td className="wide">{one.remote || <span className="quiet">{t('administration.unknown')}</span>}</Table.Td>
                    <Table.Td className="wide">
                      <Ago at={one.createdAt} />
                    </Table.Td>
                    <Table.Td>
                      <Ago at={one.lastSeenAt} />
                    </Table.Td>
                    <Table.Td>
                      {one.own ? (
                        <Badge variant="outline" tt="none" color="gray" styles={{ root: { color: 'var(--quiet)' } }}>
                          {t('administration.thisSession')}
                        </Badge>
                      ) : (
                        <Button size="xs" variant="default" onClick={() => end.mutate(one.id)} disabled={end.isPending}>
                          {t('administration.end')}
                        </Button>
                      )}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </ScrolledTable>
          )
        }
      </QueryBoundary>
      {end.isSuccess && (
        <Text size="sm" role="status" className="quiet">
          {t('administration.ended')}
        </Text>
      )}
      <Refusal error={end.error} />
    </Stack>
  );
}
