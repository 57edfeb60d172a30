import { Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { useTexts } from '../texts/texts.js';

export function NotFound(): ReactNode {
  const { t } = useTexts();
  return (
    <>
      <Title order={1} size="h2">
        {t('notFound.title')}
      </Title>
      <Text mt="sm">
        <Link href="/worklist">{t('nav.worklist')}</Link>
      </Text>
    </>
  );
}
