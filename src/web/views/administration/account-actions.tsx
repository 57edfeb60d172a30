import { Button, Group } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { ShownAccount } from '../../../server/page-types.js';
import { post } from '../../api.js';
import { useTexts, type TextKey } from '../../texts/texts.js';
import { accountRoles, Confirmation, Refusal, RoleChoice } from './parts.js';

type Action = 'roles' | 'password' | 'end-sessions' | 'disable' | 'enable';

const texts: Readonly<Record<Exclude<Action, 'enable'>, readonly [label: TextKey, question: TextKey]>> = {
  roles: ['administration.changeRoles', 'administration.confirmRoles'],
  password: ['administration.reset', 'administration.confirmReset'],
  'end-sessions': ['administration.endSessions', 'administration.confirmEndSessions'],
  disable: ['administration.disable', 'administration.confirmDisable'],
};

/** Actions on the account of another user. An OpenID account has neither a password nor roles of its own. */
export function AccountActions({
  account,
  onReset,
}: {
  readonly account: ShownAccount;
  readonly onReset: (password: string) => void;
}): ReactNode {
  const { t } = useTexts();
  const client = useQueryClient();
  const [open, setOpen] = useState<keyof typeof texts>();
  const [roles, setRoles] = useState<readonly string[]>(account.roles);
  const act = useMutation({
    mutationFn: (action: Action) =>
      post<{ readonly password?: string } | undefined>(
        `/api/accounts/${encodeURIComponent(account.name)}/${action}`,
        action === 'roles' ? { roles } : undefined,
      ),
    onSuccess: (reply, action) => {
      setOpen(undefined);
      if (action === 'password' && reply?.password !== undefined) onReset(reply.password);
    },
    onSettled: () => Promise.all(['accounts', 'sessions'].map((key) => client.invalidateQueries({ queryKey: [key] }))),
  });
  if (open) {
    const [label, question] = texts[open];
    return (
      <Confirmation
        question={t(question, { name: account.name })}
        label={t(open === 'roles' ? 'administration.save' : label)}
        pending={act.isPending}
        error={act.error}
        disabled={open === 'roles' && roles.length === 0}
        onConfirm={() => act.mutate(open)}
        onCancel={() => setOpen(undefined)}
      >
        {open === 'roles' && <RoleChoice offered={accountRoles} chosen={roles} onChange={setRoles} />}
      </Confirmation>
    );
  }
  const button = (action: keyof typeof texts): ReactNode => (
    <Button
      key={action}
      size="xs"
      variant="default"
      onClick={() => {
        act.reset();
        setRoles(account.roles);
        setOpen(action);
      }}
    >
      {t(texts[action][0])} …
    </Button>
  );
  return (
    <Group gap={6}>
      {account.origin === 'local' && (['roles', 'password'] as const).map(button)}
      {button('end-sessions')}
      {account.disabled ? (
        <Button size="xs" variant="default" loading={act.isPending} onClick={() => act.mutate('enable')}>
          {t('administration.enable')}
        </Button>
      ) : (
        button('disable')
      )}
      <Refusal error={act.error} />
    </Group>
  );
}
