import { Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { ShownAccount } from '../../../server/page-types.js';
import { get, post } from '../../api.js';
import { QueryBoundary } from '../../parts/query-boundary.js';
import { Ago } from '../../parts/time.js';
import { useTexts } from '../../texts/texts.js';
import { AccountActions } from './account-actions.js';
import { AddNamed } from './add-named.js';
import { accountRoles, ScrolledTable, ShownOnce } from './parts.js';

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
  return (
    <AddNamed
      list="accounts"
      offered={accountRoles}
      initialRole="reader"
      label={t('administration.addAccount')}
      added={(name) => t('administration.accountAdded', { name })}
      add={async (named) => (await post<{ readonly password: string }>('/api/accounts', named)).password}
    >
      <Text size="sm" className="quiet">
        {t('administration.addAccountHint', { rules: t('password.rules') })}
      </Text>
    </AddNamed>
  );
}
