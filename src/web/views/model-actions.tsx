import { Alert, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient, type UseMutationResult } from '@tanstack/react-query';
import { useState, type FormEvent, type ReactNode } from 'react';
import type { ChangedModels } from '../../server/page-types.js';
import type { ShownModel } from '../../server/page-types.js';
import { post } from '../api.js';
import { withLine } from '../model-line.js';
import { useCurrentUser } from '../use-current-user.js';
import { sentenceOf } from '../sentence.js';
import { useTexts } from '../texts/texts.js';

interface ActionRequest {
  readonly path: string;
  readonly body?: unknown;
}

/** Actions of a view: one confirmation is open at a time, and the outcome of the last action is shown. */
export interface ModelActionState {
  /** The model line that they are about. */
  readonly line: string;
  readonly may: boolean;
  /** Name of the action whose confirmation is open. */
  readonly open: string | undefined;
  readonly setOpen: (name: string | undefined) => void;
  readonly run: UseMutationResult<ChangedModels | undefined, Error, ActionRequest>;
}

export function useModelActions(line: string): ModelActionState {
  const client = useQueryClient();
  const [open, setOpen] = useState<string>();
  const user = useCurrentUser();
  const run = useMutation({
    mutationFn: ({ path, body }: ActionRequest) => post<ChangedModels | undefined>(withLine(path, line), body),
    onSuccess: () => setOpen(undefined),
    onSettled: () =>
      Promise.all(['models', 'model', 'retraining', 'operations'].map((key) => client.invalidateQueries({ queryKey: [key] }))),
  });
  const openConfirmation = (name: string | undefined): void => {
    run.reset();
    setOpen(name);
  };
  return { line, may: user?.roles.some((role) => role === 'operator' || role === 'admin') ?? false, open, setOpen: openConfirmation, run };
}

/** The outcome of the last action. */
export function ActionOutcome({ actions: { run } }: { readonly actions: ModelActionState }): ReactNode {
  const { t } = useTexts();
  if (!run.isSuccess) return null;
  const changed = run.data;
  if (!changed)
    return (
      <Alert color="green" role="status" py="xs">
        {t('models.retrainRequested')}
      </Alert>
    );
  const { champion, challenger, deployed } = changed;
  if (champion !== deployed)
    return (
      <Alert color="orange" role="status" py="xs">
        {t('models.notLoaded', { version: champion, deployed })}
      </Alert>
    );
  const outcome = run.variables.path.endsWith('/challenge')
    ? challenger
      ? t('models.challenged', { version: challenger })
      : t('models.unchallenged')
    : t('models.done', { version: champion });
  return (
    <Alert color="green" role="status" py="xs">
      {outcome}
    </Alert>
  );
}

interface ActionProps extends ActionRequest {
  readonly actions: ModelActionState;
  readonly name: string;
  readonly label: string;
  /** The consequence, as a question. */
  readonly question: string;
  readonly reason?: 'none' | 'optional' | 'needed';
}

/** A button; then the question, a reason for the history, and the button that carries out the action. */
export function ConfirmedAction({ actions, name, label, question, path, body, reason = 'optional' }: ActionProps): ReactNode {
  const { t } = useTexts();
  const [why, setWhy] = useState('');
  const { open, setOpen, run } = actions;
  if (!actions.may) return null;
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

/** For a version that is not deployed: deploy it, start or end its shadow mode. */
export function VersionActions({
  model: { version, role, gate },
  actions,
}: {
  readonly model: ShownModel;
  readonly actions: ModelActionState;
}): ReactNode {
  const { t } = useTexts();
  if (role === 'champion' || !actions.may) return null;
  const passed = gate === 'passed';
  return (
    <Stack gap="xs" mt="sm">
      <Text size="sm" className="quiet">
        {t(`models.gateState.${gate}`)}
      </Text>
      <Group gap="sm">
        <ConfirmedAction
          actions={actions}
          name={`promote-${version}`}
          label={t('models.promote')}
          path={`/api/models/${version}/promote`}
          reason={passed ? 'optional' : 'needed'}
          body={passed ? {} : { withoutGate: true }}
          question={t(passed ? 'models.ask.promote' : 'models.ask.withoutGate', { version })}
        />
        {role === 'challenger' ? (
          <ConfirmedAction
            actions={actions}
            name="unchallenge"
            label={t('models.unchallenge')}
            path="/api/models/none/challenge"
            question={t('models.ask.unchallenge', { version })}
          />
        ) : (
          <ConfirmedAction
            actions={actions}
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
