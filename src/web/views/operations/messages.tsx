import { Alert, Anchor, Badge, Button, Group, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { ShownChannel, ShownMessage, TestedChannel } from '../../../server/page-types.js';
import { studyView } from '../../addresses.js';
import { get, post } from '../../api.js';
import { isAdministrator } from '../../current-user.js';
import { Message } from '../../parts/message.js';
import { QueryBoundary } from '../../parts/query-boundary.js';
import { Ago } from '../../parts/time.js';
import { sentenceOf } from '../../sentence.js';
import { useTexts } from '../../texts/texts.js';
import { useCurrentUser } from '../../use-current-user.js';

/** The channels for outbound messages, each with its state, its last messages and a test. */
export function MessageChannels(): ReactNode {
  const { t } = useTexts();
  const query = useQuery({ queryKey: ['messages'], queryFn: () => get<readonly ShownChannel[]>('/api/messages'), refetchInterval: 10_000 });
  return (
    <QueryBoundary query={query}>
      {(channels) => (
        <Stack gap="lg" data-testid="message-channels">
          {channels.length === 0 && <Text className="quiet">{t('messages.none')}</Text>}
          {channels.map((one) => (
            <Channel key={one.name} channel={one} />
          ))}
        </Stack>
      )}
    </QueryBoundary>
  );
}

function Channel({ channel }: { readonly channel: ShownChannel }): ReactNode {
  const { t } = useTexts();
  const [open, { toggle }] = useDisclosure(false);
  const { name, kind, refused, failing, waiting, accepted, lastAcceptedAt } = channel;
  const state = refused > 0 ? 'refused' : failing > 0 ? 'failing' : 'working';
  return (
    <section aria-label={name}>
      <Group justify="space-between" align="flex-start">
        <div>
          <Group gap="sm">
            <Text fw={600}>{name}</Text>
            <Badge variant="default" tt="none">
              {t(`messages.kind.${kind}`)}
            </Badge>
            <Text size="sm" className={state === 'working' ? 'quiet' : 'present'}>
              {t(`messages.channel.${state}`)}
            </Text>
          </Group>
          <Text size="sm" className="quiet">
            {t('messages.counts', { accepted, waiting: waiting + failing, refused })}
            {lastAcceptedAt && (
              <>
                {' · '}
                {t('messages.lastAccepted')} <Ago at={lastAcceptedAt} />
              </>
            )}
          </Text>
        </div>
        <Group gap="sm">
          <Button size="xs" variant="default" onClick={toggle} aria-expanded={open}>
            {t('messages.last')}
          </Button>
          <ChannelTest name={name} />
        </Group>
      </Group>
      {open && <LastMessages channel={name} />}
    </section>
  );
}

/** For administrators: a message with invented values, and how it ended. */
function ChannelTest({ name }: { readonly name: string }): ReactNode {
  const { t } = useTexts();
  const user = useCurrentUser();
  const test = useMutation({ mutationFn: () => post<TestedChannel>(`/api/messages/${name}/test`) });
  if (!isAdministrator(user)) return null;
  return (
    <>
      <Button size="xs" variant="default" loading={test.isPending} onClick={() => test.mutate()}>
        {t('messages.test')}
      </Button>
      {test.isSuccess && (
        <Alert color="green" role="status" py="xs">
          {t('messages.tested', { id: test.data.messageId })}
        </Alert>
      )}
      {test.isError && (
        <Alert color="red" role="alert" py="xs">
          {sentenceOf(test.error, t)}
        </Alert>
      )}
    </>
  );
}

function LastMessages({ channel }: { readonly channel: string }): ReactNode {
  const { t } = useTexts();
  const query = useQuery({
    queryKey: ['messages', channel],
    queryFn: () => get<readonly ShownMessage[]>(`/api/messages/${channel}`),
    refetchInterval: 10_000,
  });
  return (
    <QueryBoundary query={query}>
      {(messages) => (
        <Stack gap="xs" mt="sm">
          {messages.length === 0 && <Text className="quiet">{t('messages.noMessages')}</Text>}
          {messages.map((one) => (
            <Message key={one.messageId} message={one}>
              <Anchor component={Link} href={studyView(one.studyInstanceUID)} className="mono" size="sm">
                {one.studyInstanceUID}
              </Anchor>
            </Message>
          ))}
        </Stack>
      )}
    </QueryBoundary>
  );
}
