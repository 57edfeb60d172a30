import { Alert, Button, Center, Loader } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { sentenceOf } from '../sentence.js';
import { useTexts } from '../texts/texts.js';

/** The data of a query; before it arrives a loader, and if it fails the reason with a button to try again. */
export function QueryBoundary<Data>({
  query,
  children,
}: {
  readonly query: UseQueryResult<Data>;
  readonly children: (data: Data) => ReactNode;
}): ReactNode {
  const { t } = useTexts();
  if (query.data !== undefined) return children(query.data);
  if (query.error) {
    return (
      <Alert color="red" role="alert">
        {sentenceOf(query.error, t)}
        <Button variant="light" size="xs" ml="md" onClick={() => void query.refetch()}>
          {t('app.tryAgain')}
        </Button>
      </Alert>
    );
  }
  return <Loading />;
}

export function Loading(): ReactNode {
  const { t } = useTexts();
  return (
    <Center p="xl" role="status" aria-label={t('app.loading')}>
      <Loader />
    </Center>
  );
}
