import { Alert, Anchor, Button, Group, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent, type ReactNode } from 'react';
import type { TrialReport } from '../../../server/page-types.js';
import { get, post } from '../../api.js';
import { moment } from '../../parts/time.js';
import { sentenceOf } from '../../sentence.js';
import { useTexts } from '../../texts/texts.js';
import { useCurrentUser } from '../../use-current-user.js';
import { belowBase } from '../../base-path.js';

/** The report of a silent trial: its files, who has signed it, and for operators the sign-off. */
export function TrialReportPanel({ id, isEnded }: { readonly id: number; readonly isEnded: boolean }): ReactNode {
  const { t, language } = useTexts();
  const user = useCurrentUser();
  const maySign = isEnded && (user?.roles.some((role) => role === 'operator' || role === 'admin') ?? false);
  const address = `/api/backfills/${id}`;
  // The document is written in English and German.
  const written = language === 'de' ? 'de' : 'en';
  const query = useQuery({ queryKey: ['backfills', id, 'report'], queryFn: () => get<TrialReport>(`${address}/report`), retry: false });
  if (!query.data) return null;
  const { signOffs } = query.data;
  return (
    <Stack gap={4} mt="xs" data-testid="trial-report">
      <Group gap="md">
        <Anchor href={belowBase(`${address}/report.html?language=${written}`)} target="_blank" size="sm">
          {t('archive.report')}
        </Anchor>
        <Anchor href={belowBase(`${address}/report.pdf?language=${written}`)} size="sm">
          {t('archive.reportPdf')}
        </Anchor>
        <Anchor href={belowBase(`${address}/report.json`)} target="_blank" size="sm">
          {t('archive.reportFigures')}
        </Anchor>
      </Group>
      {signOffs.length === 0 && (
        <Text size="sm" className="quiet">
          {t('archive.notSigned')}
        </Text>
      )}
      {signOffs.map(({ name, role, signedAt, isAccepted, comment, isForTheseFigures }) => (
        <Text size="sm" key={signedAt} data-testid="sign-off">
          {t(isAccepted ? 'archive.acceptedBy' : 'archive.rejectedBy', { name, role, time: moment(signedAt, language) })}
          {comment === '' ? '' : `: ${comment}`}
          {isForTheseFigures ? '' : ` · ${t('archive.otherFigures')}`}
        </Text>
      ))}
      {maySign && <SignOffForm address={address} report={query.data} />}
    </Stack>
  );
}

function SignOffForm({ address, report }: { readonly address: string; readonly report: TrialReport }): ReactNode {
  const { t } = useTexts();
  const client = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const [name, setName] = useState('');
  const [role, setRole] = useState('');
  const [comment, setComment] = useState('');
  const sign = useMutation({
    mutationFn: (isAccepted: boolean) => {
      const { sha256, figures } = report;
      return post<TrialReport>(`${address}/sign-offs`, { name, role, comment, isAccepted, sha256, version: figures.modelVersion });
    },
    onSuccess: () => setOpen(false),
    onSettled: () => client.invalidateQueries({ queryKey: ['backfills'] }),
  });
  if (!isOpen)
    return (
      <Group>
        <Button size="xs" variant="default" onClick={() => setOpen(true)}>
          {t('archive.sign')}
        </Button>
      </Group>
    );
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const { submitter } = event.nativeEvent as SubmitEvent;
    sign.mutate((submitter as HTMLButtonElement | null)?.value !== 'reject');
  };
  return (
    <form onSubmit={submit}>
      <Text size="sm" className="quiet">
        {t('archive.signHint', { sha256: report.sha256.slice(0, 12) })}
      </Text>
      <Group gap="sm" align="flex-end">
        <TextInput
          required
          maxLength={100}
          label={t('archive.signName')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TextInput
          required
          maxLength={100}
          label={t('archive.signRole')}
          value={role}
          onChange={(event) => setRole(event.currentTarget.value)}
        />
        <Textarea
          autosize
          maxLength={1000}
          label={t('archive.signComment')}
          value={comment}
          onChange={(event) => setComment(event.currentTarget.value)}
        />
        <Button size="xs" type="submit" value="accept" variant="default" loading={sign.isPending}>
          {t('archive.accept')}
        </Button>
        <Button size="xs" type="submit" value="reject" variant="default" loading={sign.isPending}>
          {t('archive.reject')}
        </Button>
        <Button size="xs" variant="default" onClick={() => setOpen(false)}>
          {t('archive.keep')}
        </Button>
      </Group>
      {sign.isError && (
        <Alert color="red" role="alert" py="xs" mt="xs">
          {sentenceOf(sign.error, t)}
        </Alert>
      )}
    </form>
  );
}
