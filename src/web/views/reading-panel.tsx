import { Alert, Button, Group, Text, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { ShownReading } from '../../server/page-types.js';
import { studyApi } from '../addresses.js';
import { post } from '../api.js';
import { mayAssess } from '../current-user.js';
import { moment } from '../parts/time.js';
import { sentenceOf } from '../sentence.js';
import { withFindingTexts } from '../texts/finding-name.js';
import { useTexts, type TextKey } from '../texts/texts.js';
import { useCurrentUser } from '../use-current-user.js';

type Action = 'claim' | 'takeOver' | 'release' | 'read' | 'unread';

interface Choice {
  readonly action: Action;
  readonly text: TextKey;
}

/** Who reads the study, why it stands where it stands, and the buttons of a reader. */
export function ReadingPanel({ study, reading }: { readonly study: string; readonly reading: ShownReading }): ReactNode {
  const { t, language } = useTexts();
  const client = useQueryClient();
  const user = useCurrentUser();
  const change = useMutation({
    mutationFn: (action: Action) =>
      action === 'claim' || action === 'takeOver'
        ? post(studyApi(study, 'reading', 'claim'), { takeOver: action === 'takeOver' })
        : post(studyApi(study, 'reading', action)),
    onSettled: () => Promise.all([['study', study], ['worklist']].map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
  const { state, reader = '', claimedUntil, readAt, waits, explanation, overdue } = reading;
  return (
    <section className="card" aria-labelledby="reading" data-testid="reading">
      <Title order={2} size="h4" id="reading" mb="sm">
        {t('reading.title')}
      </Title>
      {waits && (
        <Text className={overdue ? 'present' : ''} fw={overdue ? 600 : 400}>
          {sentence(withFindingTexts(explanation ?? '', t, language))}
        </Text>
      )}
      {!waits && state === 'unread' && <Text className="quiet">{t('reading.notWaiting')}</Text>}
      {state === 'being-read' && claimedUntil && (
        <Text className="undetermined">{t('reading.beingReadUntil', { reader, time: clockTime(claimedUntil, language) })}</Text>
      )}
      {state === 'read' && readAt && <Text>{t('reading.readByAt', { reader, time: moment(readAt, language) })}</Text>}
      {mayAssess(user) && (
        <Group gap="xs" mt="sm">
          {choicesOf(reading, user?.name).map(({ action, text }, index) => (
            <Button
              key={action}
              size="xs"
              variant={index === 0 ? 'filled' : 'default'}
              disabled={change.isPending}
              onClick={() => change.mutate(action)}
            >
              {t(text)}
            </Button>
          ))}
        </Group>
      )}
      {change.isError && (
        <Alert color="red" role="alert" py="xs" mt="sm">
          {sentenceOf(change.error, t)}
        </Alert>
      )}
    </section>
  );
}

function choicesOf({ state, reader }: ShownReading, user: string | undefined): readonly Choice[] {
  if (state === 'read') return [{ action: 'unread', text: 'reading.markUnread' }];
  const read: Choice = { action: 'read', text: 'reading.markRead' };
  if (state === 'unread') return [{ action: 'claim', text: 'reading.claim' }, read];
  if (reader !== user) return [{ action: 'takeOver', text: 'reading.takeOver' }];
  return [read, { action: 'claim', text: 'reading.extend' }, { action: 'release', text: 'reading.release' }];
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function clockTime(at: string, language: string): string {
  return new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit' }).format(new Date(at));
}
