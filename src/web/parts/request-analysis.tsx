import { Alert, Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { RequestedAnalysis } from '../../server/page-types.js';
import { studyApi } from '../addresses.js';
import { post } from '../api.js';
import { mayAssess } from '../current-user.js';
import { sentenceOf } from '../sentence.js';
import { useTexts } from '../texts/texts.js';
import { useCurrentUser } from '../use-current-user.js';

/** The button by which a reader requests the analysis of a study, and the answer; nothing for other users. */
export function RequestAnalysis({ study }: { readonly study: string }): ReactNode {
  const { t } = useTexts();
  const client = useQueryClient();
  const user = useCurrentUser();
  const request = useMutation({
    mutationFn: () => post<RequestedAnalysis>(studyApi(study, 'analysis')),
    onSettled: () => client.invalidateQueries({ queryKey: ['study', study] }),
  });
  if (!mayAssess(user)) return null;
  return (
    <div>
      <Button size="xs" variant="default" loading={request.isPending} onClick={() => request.mutate()}>
        {t('request.button')}
      </Button>
      {request.data && (
        <Alert color="teal" role="status" py="xs" mt="sm">
          {t(`request.${request.data.state}`)}
        </Alert>
      )}
      {request.isError && (
        <Alert color="red" role="alert" py="xs" mt="sm">
          {sentenceOf(request.error, t)}
        </Alert>
      )}
    </div>
  );
}
