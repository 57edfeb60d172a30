import { Alert, Button, Checkbox, CopyButton, Group, Stack, Table, Text } from '@mantine/core';
import type { FormEvent, ReactNode } from 'react';
import { sentenceOf } from '../../sentence.js';
import { useTexts } from '../../texts/texts.js';

/** Roles of people; a program has one of `programRoles`. */
export const accountRoles = ['viewer', 'reader', 'operator', 'admin'] as const;
export const programRoles = ['service', 'metrics', 'viewer', 'operator', 'admin'] as const;
export type OfferedRole = (typeof accountRoles)[number] | (typeof programRoles)[number];

/** A password or token that the service shows only now. */
export function ShownOnce({
  text,
  secret,
  onHide,
}: {
  readonly text: string;
  readonly secret: string;
  readonly onHide: () => void;
}): ReactNode {
  const { t } = useTexts();
  return (
    <Alert color="green" role="status" py="xs">
      <Text size="sm">{text}</Text>
      <Group gap="sm" mt={4}>
        <code className="mono" data-testid="shown-once">
          {secret}
        </code>
        {'clipboard' in navigator && (
          <CopyButton value={secret}>
            {({ copied, copy }) => (
              <Button size="xs" variant="default" onClick={copy}>
                {t(copied ? 'administration.copied' : 'administration.copy')}
              </Button>
            )}
          </CopyButton>
        )}
        <Button size="xs" variant="default" onClick={onHide}>
          {t('administration.hide')}
        </Button>
      </Group>
    </Alert>
  );
}

/** Checkboxes for roles. */
export function RoleChoice({
  offered,
  chosen,
  onChange,
}: {
  readonly offered: readonly OfferedRole[];
  readonly chosen: readonly string[];
  readonly onChange: (roles: string[]) => void;
}): ReactNode {
  const { t } = useTexts();
  return (
    <Checkbox.Group label={t('administration.roles')} value={[...chosen]} onChange={onChange}>
      <Stack gap={6} mt={4}>
        {offered.map((role) => (
          <Checkbox key={role} value={role} label={t(`administration.role.${role}`)} />
        ))}
      </Stack>
    </Checkbox.Group>
  );
}

/** A question with the button that carries out the action. */
export function Confirmation({
  question,
  label,
  pending,
  error,
  disabled = false,
  onConfirm,
  onCancel,
  children,
}: {
  readonly question: string;
  readonly label: string;
  readonly pending: boolean;
  readonly error: unknown;
  readonly disabled?: boolean;
  readonly onConfirm: () => void;
  readonly onCancel: () => void;
  readonly children?: ReactNode;
}): ReactNode {
  const { t } = useTexts();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onConfirm();
  };
  return (
    <Stack component="form" gap="xs" onSubmit={submit} aria-label={label}>
      <Text size="sm">{question}</Text>
      {children}
      <Group gap="sm">
        <Button size="xs" type="submit" loading={pending} disabled={disabled} autoFocus={children === undefined}>
          {label}
        </Button>
        <Button size="xs" variant="default" onClick={onCancel}>
          {t('administration.cancel')}
        </Button>
      </Group>
      <Refusal error={error} />
    </Stack>
  );
}

/** Why a request failed; nothing if it did not. */
export function Refusal({ error }: { readonly error: unknown }): ReactNode {
  const { t } = useTexts();
  if (!error) return null;
  return (
    <Alert color="red" role="alert" py="xs">
      {sentenceOf(error, t)}
    </Alert>
  );
}

/** A table that scrolls sideways on a phone, also by keyboard. */
export function ScrolledTable({
  label,
  name,
  children,
}: {
  readonly label: string;
  readonly name: string;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <Table.ScrollContainer minWidth={320} scrollAreaProps={{ viewportProps: { tabIndex: 0, 'aria-label': label } }}>
      <Table verticalSpacing={6} data-testid={name}>
        {children}
      </Table>
    </Table.ScrollContainer>
  );
}
