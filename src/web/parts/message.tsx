import { Alert, Badge, Button, Group, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { ShownMessage } from '../../server/page-types.js';
import { post } from '../api.js';
import { sentenceOf } from '../sentence.js';
import { isText } from '../texts/en.js';
import { useTexts } from '../texts/texts.js';
import { Ago } from './time.js';

/** A message with its state; users retry one that was refused. @param children what it is about or where it goes */
export function Message({ message, children }: { readonly message: ShownMessage; readonly children: ReactNode }): ReactNode {
  const { t } = useTexts();
  const client = useQueryClient();
  const { messageId, state, changedAt, isCorrection, findings, code, reason, reference, failedJob } = message;
  const retry = useMutation({
    mutationFn: () => post(`/api/failed-jobs/${failedJob}/retry`),
    onSettled: () => client.invalidateQueries({ queryKey: ['messages'] }),
  });
  const codeText = `messages.code.${code}`;
  const why = isText(codeText) ? t(codeText) : reason;
  return (
    <Group justify="space-between" wrap="nowrap" align="flex-start" data-message={messageId}>
      <div>
        <Group gap="sm">
          <Text size="sm" fw={600} className={state === 'refused' ? 'present' : ''}>
            {t(`messages.state.${state}`)}
          </Text>
          {isCorrection && (
            <Badge variant="default" tt="none">
              {t('messages.correction')}
            </Badge>
          )}
          <Text size="sm">
            {findings.join(', ')} <Ago at={changedAt} />
          </Text>
        </Group>
        <Text size="sm" className="quiet" style={{ overflowWrap: 'anywhere' }}>
          {children}
          {[why, reference].filter((one) => one !== undefined).map((one) => ` · ${one}`)}
        </Text>
        {retry.isError && (
          <Alert color="red" role="alert" py="xs">
            {sentenceOf(retry.error, t)}
          </Alert>
        )}
      </div>
      {failedJob !== undefined && (
        <Button size="xs" variant="default" loading={retry.isPending} onClick={() => retry.mutate()}>
          {t('operations.retry')}
        </Button>
      )}
    </Group>
  );
}
