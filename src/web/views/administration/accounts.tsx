import { Button, Group, Stack, Table, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent, type ReactNode } from 'react';
import type { ShownAccount } from '../../../server/page-types.js';
import { get, post } from '../../api.js';
import { QueryBoundary } from '../../parts/query-boundary.js';
import { Ago } from '../../parts/time.js';
import { useTexts } from '../../texts/texts.js';
import { AccountActions } from './account-actions.js';
import { accountRoles, Refusal, RoleChoice, ShownOnce, useNamed, ScrolledTable } from './parts.js';

/** @param self name of the account that is logged in */
export function AccountList({ self }: { readonly self: string }): ReactNode {
  const { t } = useTexts();
  const query = useQuery({ queryKey: ['accounts'], queryFn: () => get<readonly ShownAccount[]>('/api/accounts') });
  const [reset, setReset] = useState<{ readonly name: string; readonly password: string }>();
  return (
    <Stack gap="md">
      <AddAccount />
      {reset && (
        <ShownOnce
          text={t('administration.passwordReset', { name: reset.name })}
          secret={reset.password}
          onHide={() => setReset(undefined)}
        />
      )}
      <QueryBoundary query={query}>
        {(accounts) => (
          <ScrolledTable label={t('administration.accounts')} name="accounts">
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">{t('administration.name')}</Table.Th>
                <Table.Th scope="col">{t('administration.roles')}</Table.Th>
                <Table.Th scope="col" className="wide">
                  {t('administration.lastLogin')}
                </Table.Th>
                <Table.Th scope="col">{t('administration.actions')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {accounts.map((account) => (
                <Table.Tr key={account.name} data-account={account.name}>
                  <Table.Td style={{ overflowWrap: 'break-word' }}>
                    <b>{account.name}</b>
                    {account.disabled && <div className="present">{t('administration.disabled')}</div>}
                    {account.origin === 'oidc' && <div className="quiet">{t('administration.origin.oidc')}</div>}
                  </Table.Td>
                  <Table.Td>{account.roles.join(', ')}</Table.Td>
                  <Table.Td className="wide">{account.lastLoginAt ? <Ago at={account.lastLoginAt} /> : t('administration.never')}</Table.Td>
                  <Table.Td>
                    {account.name === self ? (
                      <Text size="sm" className="quiet">
                        {t('administration.self')}
                      </Text>
                    ) : (
                      <AccountActions account={account} onReset={(password) => setReset({ name: account.name, password })} />
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </ScrolledTable>
        )}
      </QueryBoundary>
    </Stack>
  );
}

function AddAccount(): ReactNode {
  const { t } = useTexts();
  const client = useQueryClient();
  const given = useNamed(['reader']);
  const [open, setOpen] = useState(false);
  const add = useMutation({
    mutationFn: async () => {
      const name = given.name.trim();
      const { password } = await post<{ password: string }>('/api/accounts', { name, roles: given.roles });
      return { name, password };
    },
    onSuccess: () => {
      given.clear();
      setOpen(false);
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['accounts'] }),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <Stack gap="sm">
      {add.data && (
        <ShownOnce text={t('administration.accountAdded', { name: add.data.name })} secret={add.data.password} onHide={() => add.reset()} />
      )}
      {open ? (
        <Stack component="form" gap="sm" maw={560} onSubmit={submit} aria-label={t('administration.addAccount')}>
          <TextInput
            id="account-name"
            label={t('administration.name')}
            description={t('administration.nameHint')}
            value={given.name}
            onChange={(event) => given.setName(event.currentTarget.value)}
            maxLength={100}
            autoComplete="off"
            required
          />
          <RoleChoice offered={accountRoles} chosen={given.roles} onChange={given.setRoles} />
          <Text size="sm" className="quiet">
            {t('administration.addAccountHint', { rules: t('password.rules') })}
          </Text>
          <Group gap="sm">
            <Button type="submit" loading={add.isPending} disabled={!given.isComplete}>
              {t('administration.addAccount')}
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
            {t('administration.addAccount')} …
          </Button>
        </Group>
      )}
    </Stack>
  );
}
