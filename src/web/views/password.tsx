import { Alert, Button, PasswordInput, Stack, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent, type ReactNode } from 'react';
import { ApiFault, post } from '../api.js';
import { useCurrentUser } from '../use-current-user.js';
import { sentenceOf } from '../sentence.js';
import { useTexts, type Translate } from '../texts/texts.js';
import { belowBase } from '../base-path.js';

/** Change one's own password. Every session ends with it, also this one: the user then logs in again. */
export function PasswordView(): ReactNode {
  const { t } = useTexts();
  const user = useCurrentUser();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [repeated, setRepeated] = useState('');
  const save = useMutation({ mutationFn: () => post('/api/password', { current, next }, { stay: true }) });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (next === repeated) save.mutate();
  };
  if (save.isSuccess)
    return (
      <Stack maw={420}>
        <Title order={1} size="h2">
          {t('password.title')}
        </Title>
        <Alert color="green" role="status">
          {t('password.done')}
        </Alert>
        <Button component="a" href={belowBase('/login')}>
          {t('password.logIn')}
        </Button>
      </Stack>
    );
  return (
    <Stack maw={420} component="form" onSubmit={submit}>
      <Title order={1} size="h2">
        {t('password.title')}
      </Title>
      {user?.mustChange && <Alert color="orange">{t('password.must')}</Alert>}
      <PasswordInput
        id="current"
        label={t('password.current')}
        autoComplete="current-password"
        value={current}
        onChange={(event) => setCurrent(event.currentTarget.value)}
        required
      />
      <PasswordInput
        id="next"
        label={t('password.next')}
        description={t('password.rules')}
        autoComplete="new-password"
        minLength={12}
        maxLength={200}
        value={next}
        onChange={(event) => setNext(event.currentTarget.value)}
        required
      />
      <PasswordInput
        id="repeated"
        label={t('password.repeat')}
        autoComplete="new-password"
        value={repeated}
        onChange={(event) => setRepeated(event.currentTarget.value)}
        error={repeated !== '' && next !== repeated ? t('password.differs') : undefined}
        required
      />
      <Button type="submit" loading={save.isPending}>
        {t('password.save')}
      </Button>
      {save.isError && (
        <Alert color="red" role="alert">
          {refusalOf(save.error, t)}
        </Alert>
      )}
    </Stack>
  );
}

function refusalOf(error: unknown, t: Translate): string {
  if (error instanceof ApiFault && error.code === 'login-required') return t('password.wrong');
  if (error instanceof ApiFault && error.code === 'request-invalid') return t('password.rules');
  return error instanceof ApiFault && error.message !== '' ? error.message : sentenceOf(error, t);
}
