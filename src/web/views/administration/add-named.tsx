import { Button, Group, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent, type ReactNode } from 'react';
import { useTexts } from '../../texts/texts.js';
import { Refusal, RoleChoice, ShownOnce, type OfferedRole } from './parts.js';

/** A form for an account or a token: a name and roles. Its secret is shown once. */
export function AddNamed({
  list,
  offered,
  initialRole,
  label,
  added,
  add,
  children,
}: {
  /** Key of the query that lists them. */
  readonly list: 'accounts' | 'tokens';
  readonly offered: readonly OfferedRole[];
  readonly initialRole: OfferedRole;
  readonly label: string;
  /** The sentence above the secret. */
  readonly added: (name: string) => string;
  /** @returns the secret. @throws ApiFault */
  readonly add: (named: { readonly name: string; readonly roles: readonly string[] }) => Promise<string>;
  /** Further fields or a hint. */
  readonly children: ReactNode;
}): ReactNode {
  const { t } = useTexts();
  const client = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const [name, setName] = useState('');
  const [roles, setRoles] = useState<readonly string[]>([initialRole]);
  const adding = useMutation({
    mutationFn: async () => {
      const named = { name: name.trim(), roles };
      return { name: named.name, secret: await add(named) };
    },
    onSuccess: () => {
      setName('');
      setRoles([initialRole]);
      setOpen(false);
    },
    onSettled: () => client.invalidateQueries({ queryKey: [list] }),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    adding.mutate();
  };
  return (
    <Stack gap="sm">
      {adding.data && <ShownOnce text={added(adding.data.name)} secret={adding.data.secret} onHide={() => adding.reset()} />}
      {isOpen ? (
        <Stack component="form" gap="sm" maw={560} onSubmit={submit} aria-label={label}>
          <TextInput
            label={t('administration.name')}
            description={t('administration.nameHint')}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={100}
            autoComplete="off"
            data-testid={`${list}-name`}
            required
          />
          <RoleChoice offered={offered} chosen={roles} onChange={setRoles} />
          {children}
          <Group gap="sm">
            <Button type="submit" loading={adding.isPending} disabled={name.trim() === '' || roles.length === 0}>
              {label}
            </Button>
            <Button variant="default" onClick={() => setOpen(false)}>
              {t('administration.cancel')}
            </Button>
          </Group>
          <Refusal error={adding.error} />
        </Stack>
      ) : (
        <Group>
          <Button
            variant="default"
            onClick={() => {
              adding.reset();
              setOpen(true);
            }}
          >
            {label} …
          </Button>
        </Group>
      )}
    </Stack>
  );
}
