import { Button, Stack, Table, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { ShownToken } from '../../../server/page-types.js';
import { get, post } from '../../api.js';
import { QueryBoundary } from '../../parts/query-boundary.js';
import { Ago } from '../../parts/time.js';
import { useTexts } from '../../texts/texts.js';
import { AddNamed } from './add-named.js';
import { Confirmation, programRoles, ScrolledTable } from './parts.js';

/** Tokens of programs: added and shown once, revoked for good. */
export function TokenList(): ReactNode {
  const { t } = useTexts();
  const query = useQuery({ queryKey: ['tokens'], queryFn: () => get<readonly ShownToken[]>('/api/tokens') });
  return (
    <Stack gap="md">
      <Text size="sm" className="quiet">
        {t('administration.tokensHint')}
      </Text>
      <AddToken />
      <QueryBoundary query={query}>
        {(tokens) =>
          tokens.length === 0 ? (
            <Text className="quiet">{t('administration.noTokens')}</Text>
          ) : (
            <ScrolledTable label={t('administration.tokens')} name="tokens">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th scope="col">{t('administration.name')}</Table.Th>
                  <Table.Th scope="col">{t('administration.roles')}</Table.Th>
                  <Table.Th scope="col" className="wide">
                    {t('administration.lastUsed')}
                  </Table.Th>
                  <Table.Th scope="col">{t('administration.expires')}</Table.Th>
                  <Table.Th scope="col">{t('administration.actions')}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {tokens.map((token) => (
                  <Table.Tr key={token.name} data-token={token.name}>
                    <Table.Td style={{ overflowWrap: 'break-word' }}>{token.name}</Table.Td>
                    <Table.Td>{token.roles.join(', ')}</Table.Td>
                    <Table.Td className="wide">{token.lastUsedAt ? <Ago at={token.lastUsedAt} /> : t('administration.never')}</Table.Td>
                    <Table.Td>{token.expiresAt ? <Ago at={token.expiresAt} /> : t('administration.never')}</Table.Td>
                    <Table.Td>
                      <RevokeToken token={token} />
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </ScrolledTable>
          )
        }
      </QueryBoundary>
    </Stack>
  );
}

function RevokeToken({ token: { name, revoked, expiresAt } }: { readonly token: ShownToken }): ReactNode {
  const { t } = useTexts();
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const revoke = useMutation({
    mutationFn: () => post(`/api/tokens/${encodeURIComponent(name)}/revoke`),
    onSuccess: () => setOpen(false),
    onSettled: () => client.invalidateQueries({ queryKey: ['tokens'] }),
  });
  if (revoked) return <span className="present">{t('administration.revoked')}</span>;
  if (expiresAt && Date.parse(expiresAt) < Date.now()) return <span className="quiet">{t('administration.expired')}</span>;
  if (open)
    return (
      <Confirmation
        question={t('administration.confirmRevoke', { name })}
        label={t('administration.revoke')}
        pending={revoke.isPending}
        error={revoke.error}
        onConfirm={() => revoke.mutate()}
        onCancel={() => setOpen(false)}
      />
    );
  return (
    <Button size="xs" variant="default" onClick={() => setOpen(true)}>
      {t('administration.revoke')} …
    </Button>
  );
}

function AddToken(): ReactNode {
  const { t } = useTexts();
  const [days, setDays] = useState('365');
  return (
    <AddNamed
      list="tokens"
      offered={programRoles}
      initialRole="service"
      label={t('administration.addToken')}
      added={(name) => t('administration.tokenAdded', { name })}
      add={async (named) => {
        const expiry = days.trim() === '' ? {} : { days: Number(days) };
        return (await post<{ readonly token: string }>('/api/tokens', { ...named, ...expiry })).token;
      }}
    >
      <TextInput
        id="token-days"
        type="number"
        min={1}
        max={3650}
        label={t('administration.days')}
        description={t('administration.daysHint')}
        value={days}
        onChange={(event) => setDays(event.currentTarget.value)}
      />
    </AddNamed>
  );
}
