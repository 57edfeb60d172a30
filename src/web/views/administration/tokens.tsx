import { Button, Group, Stack, Table, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent, type ReactNode } from 'react';
import type { ShownToken } from '../../../server/page-types.js';
import { get, post } from '../../api.js';
import { QueryBoundary } from '../../parts/query-boundary.js';
import { Ago } from '../../parts/time.js';
import { useTexts } from '../../texts/texts.js';
import { Confirmation, programRoles, Refusal, RoleChoice, ShownOnce, useNamed, ScrolledTable } from './parts.js';

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
  const client = useQueryClient();
  const given = useNamed(['service']);
  const [days, setDays] = useState('365');
  const [open, setOpen] = useState(false);
  const add = useMutation({
    mutationFn: async () => {
      const name = given.name.trim();
      const expiry = days.trim() === '' ? {} : { days: Number(days) };
      const { token } = await post<{ token: string }>('/api/tokens', { name, roles: given.roles, ...expiry });
      return { name, token };
    },
    onSuccess: () => {
      given.clear();
      setOpen(false);
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['tokens'] }),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <Stack gap="sm">
      {add.data && (
        <ShownOnce text={t('administration.tokenAdded', { name: add.data.name })} secret={add.data.token} onHide={() => add.reset()} />
      )}
      {open ? (
        <Stack component="form" gap="sm" maw={560} onSubmit={submit} aria-label={t('administration.addToken')}>
          <TextInput
            id="token-name"
            label={t('administration.name')}
            description={t('administration.nameHint')}
            value={given.name}
            onChange={(event) => given.setName(event.currentTarget.value)}
            maxLength={100}
            autoComplete="off"
            required
          />
          <RoleChoice offered={programRoles} chosen={given.roles} onChange={given.setRoles} />
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
          <Group gap="sm">
            <Button type="submit" loading={add.isPending} disabled={!given.isComplete}>
              {t('administration.addToken')}
            </Button>
            <Button variant="default" onClick={() => setOpen(false)}>
              {t('administration.cancel')}
            </Button>
          </Group>
          <Refusal error={add.error} />
        </Stack>
      ) : (
        <Group>
          <Button
            variant="default"
            onClick={() => {
              add.reset();
              setOpen(true);
            }}
          >
            {t('administration.addToken')} …
          </Button>
        </Group>
      )}
    </Stack>
  );
}
