import { Alert, Stack, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { isAdministrator } from '../../current-user.js';
import { Loading } from '../../parts/query-boundary.js';
import { useTexts } from '../../texts/texts.js';
import { useCurrentUser } from '../../use-current-user.js';
import { AccountList } from './accounts.js';
import { SessionList } from './sessions.js';
import { TokenList } from './tokens.js';

/** For administrators: accounts, API tokens, sessions. */
export function AdministrationView(): ReactNode {
  const { t } = useTexts();
  const user = useCurrentUser();
  return (
    <>
      <Title order={1} size="h2" mb="md">
        {t('administration.title')}
      </Title>
      {!user && <Loading />}
      {user && !isAdministrator(user) && (
        <Alert color="red" role="alert">
          {t('app.forbidden')}
        </Alert>
      )}
      {user && isAdministrator(user) && (
        <Stack gap="md">
          <Section title={t('administration.accounts')}>
            <AccountList self={user.name} />
          </Section>
          <Section title={t('administration.sessions')}>
            <SessionList />
          </Section>
          <Section title={t('administration.tokens')}>
            <TokenList />
          </Section>
        </Stack>
      )}
    </>
  );
}

function Section({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactNode {
  return (
    <section className="card" aria-label={title}>
      <Title order={2} size="h4" mb="sm">
        {title}
      </Title>
      {children}
    </section>
  );
}
