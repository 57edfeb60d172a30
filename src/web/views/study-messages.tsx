import { Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { ShownMessage } from '../../server/page-types.js';
import { studyApi } from '../addresses.js';
import { get } from '../api.js';
import { Message } from '../parts/message.js';
import { useTexts } from '../texts/texts.js';

/** Which other systems were sent a message about the study; nothing if none was. */
export function StudyMessages({ study }: { readonly study: string }): ReactNode {
  const { t } = useTexts();
  const { data: messages = [] } = useQuery({
    queryKey: ['messages', 'study', study],
    queryFn: () => get<readonly ShownMessage[]>(studyApi(study, 'messages')),
    refetchInterval: 30_000,
  });
  if (messages.length === 0) return null;
  return (
    <section className="card" aria-labelledby="messages">
      <Title order={2} size="h4" id="messages" mb="sm">
        {t('study.messages')}
      </Title>
      <Stack gap="xs" data-testid="study-messages">
        {messages.map((one) => (
          <Message key={one.messageId} message={one}>
            <Text span size="sm" fw={600}>
              {one.channel}
            </Text>
          </Message>
        ))}
      </Stack>
    </section>
  );
}
