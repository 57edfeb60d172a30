import { Alert, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { RulesState } from '../../../server/page-types.js';
import { get } from '../../api.js';
import { mayOperate } from '../../current-user.js';
import { QueryBoundary } from '../../parts/query-boundary.js';
import { useTexts } from '../../texts/texts.js';
import { useCurrentUser } from '../../use-current-user.js';
import { RulesEditor } from './editor.js';
import { RulesHistory } from './history.js';
import { forgetDraft } from './kept-draft.js';

/** The routing rules in a form, for operators. */
export function RulesView(): ReactNode {
  const { t } = useTexts();
  const user = useCurrentUser();
  return (
    <>
      <Title order={1} size="h2" mb="md">
        {t('rules.title')}
      </Title>
      {user && !mayOperate(user) && (
        <Alert color="red" role="alert">
          {t('app.forbidden')}
        </Alert>
      )}
      {user && mayOperate(user) && <Rules user={user.name} />}
    </>
  );
}

function Rules({ user }: { readonly user: string }): ReactNode {
  const { t } = useTexts();
  const [isApplied, setApplied] = useState(false);
  const query = useQuery({ queryKey: ['rules'], queryFn: () => get<RulesState>('/api/rules'), refetchOnWindowFocus: false });
  return (
    <QueryBoundary query={query}>
      {(state) => (
        <Stack gap="md">
          <Text size="sm" className="quiet">
            {t('rules.intro')} {t('rules.file', { file: state.file })}
          </Text>
          {state.readOnly !== undefined && (
            <Alert color="orange" role="status">
              {t('rules.readOnly', { reason: state.readOnly })}
            </Alert>
          )}
          <RulesEditor state={state} user={user} isApplied={isApplied} setApplied={setApplied} key={state.version} />
          <RulesHistory
            version={state.version}
            isReadOnly={state.readOnly !== undefined}
            onRestored={() => (forgetDraft(user), setApplied(false))}
          />
        </Stack>
      )}
    </QueryBoundary>
  );
}
