import { Alert, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient, type UseMutationResult } from '@tanstack/react-query';
import { useState, type FormEvent, type ReactNode } from 'react';
import type { ChangedModels } from '../../server/ports/model-actions.js';
import type { ShownModel } from '../../server/page-types.js';
import { get, post } from '../api.js';
import type { Me } from '../assessments.js';
import { sentenceOf } from '../sentence.js';
import { useTexts } from '../texts/texts.js';

interface Asked {
  readonly path: string;
  readonly body?: unknown;
}

/** Deeds of a view: one is asked about at a time, and what came of the last is said. */
export interface Deeds {
  readonly may: boolean;
  /** Name of the deed whose confirmation is open. */
  readonly open: string | undefined;
  readonly setOpen: (name: string | undefined) => void;
  readonly run: UseMutationResult<ChangedModels | undefined, Error, Asked>;
}

export function useModelActions(): Deeds {
  const client = useQueryClient();
  const [open, setOpen] = useState<string>();
  const { data: me } = useQuery({ queryKey: ['me'], queryFn: () => get<Me>('/api/me'), staleTime: 60_000 });
  const run = useMutation({
    mutationFn: ({ path, body }: Asked) => post<ChangedModels | undefined>(path, body),
    onSuccess: () => setOpen(undefined),
    onSettled: () => Promise.all(['models', 'model', 'night', 'operations'].map((key) => client.invalidateQueries({ queryKey: [key] }))),
  });
  const ask = (name: string | undefined): void => {
    run.reset();
    setOpen(name);
  };
  return { may: me?.roles.some((role) => role === 'operator' || role === 'admin') ?? false, open, setOpen: ask, run };
}

/** What came of the last deed. */
export function ActionOutcome({ deeds: { run } }: { readonly deeds: Deeds }): ReactNode {
  const { t } = useTexts();
  if (!run.isSuccess) return null;
  const changed = run.data;
  if (!changed)
    return (
      <Alert color="green" role="status" py="xs">
        {t('models.retrainAsked')}
      </Alert>
    );
  const { champion, challenger, inService } = changed;
  if (champion !== inService)
    return (
      <Alert color="orange" role="status" py="xs">
        {t('models.notLoaded', { version: champion, inService })}
      </Alert>
    );
  const said = run.variables.path.endsWith('/challenge')
    ? challenger
      ? t('models.challenged', { version: challenger })
      : t('models.unchallenged')
    : t('models.done', { version: champion });
  return (
    <Alert color="green" role="status" py="xs">
      {said}
    </Alert>
  );
}

interface ActionProps extends Asked {
  readonly deeds: Deeds;
  readonly name: string;
  readonly label: string;
  /** What will happen, as a question. */
  readonly question: string;
  readonly reason?: 'none' | 'optional' | 'needed';
}

/** A button; then the question, a reason for the record, and the deed itself. */
export function Deed({ deeds, name, label, question, path, body, reason = 'optional' }: ActionProps): ReactNode {
  const { t } = useTexts();
  const [why, setWhy] = useState('');
  const { open, setOpen, run } = deeds;
  if (!deeds.may) return null;
  if (open !== name)
    return (
      <Button size="xs" variant="default" onClick={() => setOpen(name)} data-testid={name}>
        {label} …
      </Button>
    );
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    run.mutate({
      path,
      ...(reason === 'none' ? {} : { body: { ...(body as object | undefined), ...(why.trim() === '' ? {} : { why: why.trim() }) } }),
    });
  };
  return (
    <Stack component="form" gap="xs" w="100%" onSubmit={submit} aria-label={label}>
      <Text size="sm">{question}</Text>
      {reason !== 'none' && (
        <TextInput
          label={t('models.why')}
          maxLength={500}
          required={reason === 'needed'}
          value={why}
          onChange={(event) => setWhy(event.currentTarget.value)}
          autoFocus
        />
      )}
      <Group gap="sm">
        <Button size="xs" type="submit" loading={run.isPending} autoFocus={reason === 'none'}>
          {label}
        </Button>
        <Button size="xs" variant="default" onClick={() => setOpen(undefined)}>
          {t('models.cancel')}
        </Button>
      </Group>
      {run.isError && (
        <Alert color="red" role="alert" py="xs">
          {sentenceOf(run.error, t)}
        </Alert>
      )}
    </Stack>
  );
}

/** Of a version that does not serve: put it in service, let it judge in shadow, or end that. */
export function VersionActions({
  model: { version, role, gate },
  deeds,
}: {
  readonly model: ShownModel;
  readonly deeds: Deeds;
}): ReactNode {
  const { t } = useTexts();
  if (role === 'champion' || !deeds.may) return null;
  const passed = gate === 'passed';
  return (
    <Stack gap="xs" mt="sm">
      <Text size="sm" className="quiet">
        {t(`models.gateSays.${gate}`)}
      </Text>
      <Group gap="sm">
        <Deed
          deeds={deeds}
          name={`promote-${version}`}
          label={t('models.promote')}
          path={`/api/models/${version}/promote`}
          reason={passed ? 'optional' : 'needed'}
          body={passed ? {} : { withoutGate: true }}
          question={t(passed ? 'models.ask.promote' : 'models.ask.withoutGate', { version })}
        />
        {role === 'challenger' ? (
          <Deed
            deeds={deeds}
            name="unchallenge"
            label={t('models.unchallenge')}
            path="/api/models/none/challenge"
            question={t('models.ask.unchallenge', { version })}
          />
        ) : (
          <Deed
            deeds={deeds}
            name={`challenge-${version}`}
            label={t('models.challenge')}
            path={`/api/models/${version}/challenge`}
            question={t('models.ask.challenge', { version })}
          />
        )}
      </Group>
    </Stack>
  );
}
