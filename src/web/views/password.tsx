import { Alert, Button, PasswordInput, Stack, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type FormEvent, type ReactNode } from 'react';
import { get, post } from '../api.js';
import type { Me } from '../assessments.js';
import { sentenceOf } from '../sentence.js';
import { useTexts } from '../texts/texts.js';

export function PasswordView(): ReactNode {
  const { t } = useTexts();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [said, setSaid] = useState<{ readonly good: boolean; readonly text: string }>();
  const save = (event: FormEvent): void => {
    event.preventDefault();
    post('/api/password', { current, next })
      .then(() => {
        setSaid({ good: true, text: t('password.done') });
        // Every session of the old password has ended, this one too.
        setTimeout(() => location.assign('/login'), 1_500);
      })
      .catch((error: unknown) =>
        setSaid({ good: false, text: error instanceof Error && error.message ? error.message : sentenceOf(error, t) }),
      );
  };
  const { data: me } = useQuery({ queryKey: ['me'], queryFn: () => get<Me>('/api/me') });
  return (
    <Stack maw={420} component="form" onSubmit={save}>
      <Title order={1} size="h2">
        {t('password.title')}
      </Title>
      {me?.mustChange && <Alert color="orange">{t('password.must')}</Alert>}
      <PasswordInput
        label={t('password.current')}
        autoComplete="current-password"
        value={current}
        onChange={(event) => setCurrent(event.currentTarget.value)}
        required
      />
      <PasswordInput
        label={t('password.next')}
        autoComplete="new-password"
        value={next}
        onChange={(event) => setNext(event.currentTarget.value)}
        required
      />
      <Button type="submit">{t('password.save')}</Button>
      {said && (
        <Alert color={said.good ? 'green' : 'red'} role="status">
          {said.text}
        </Alert>
      )}
    </Stack>
  );
}
