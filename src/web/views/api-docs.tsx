import { Anchor, Badge, Code, Group, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { get } from '../api.js';
import { QueryBoundary } from '../parts/query-boundary.js';
import { useTexts } from '../texts/texts.js';
import { belowBase } from '../base-path.js';

interface OpenApi {
  readonly info: { readonly version: string };
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly summary: string;
            readonly description?: string;
            readonly tags?: readonly string[];
            readonly 'x-role'?: string;
            readonly parameters?: readonly { readonly name: string; readonly in: string; readonly description?: string }[];
            readonly requestBody?: unknown;
          }
        >
      >
    >
  >;
}

export function ApiView(): ReactNode {
  const { t } = useTexts();
  const query = useQuery({ queryKey: ['openapi'], queryFn: () => get<OpenApi>('/api/openapi.json') });
  return (
    <>
      <Title order={1} size="h2">
        {t('api.title')}
      </Title>
      <Text mb="md">
        {t('api.intro')}{' '}
        <Anchor href={belowBase('/api/openapi.json')} underline="always">
          OpenAPI 3.1
        </Anchor>
      </Text>
      <QueryBoundary query={query}>
        {({ paths }) => (
          <Stack gap="sm">
            {Object.entries(paths).flatMap(([path, methods]) =>
              Object.entries(methods).map(([method, one]) => (
                <section className="card" key={`${method} ${path}`} aria-label={`${method} ${path}`}>
                  <Group gap="sm">
                    <Badge variant="default">{method}</Badge>
                    <span className="mono">{path}</span>
                    {one['x-role'] && (
                      <Text size="sm" className="quiet">
                        {t('api.role', { role: one['x-role'] })}
                      </Text>
                    )}
                  </Group>
                  <Text mt={6}>{one.summary}</Text>
                  {one.description && (
                    <Text size="sm" className="quiet">
                      {one.description}
                    </Text>
                  )}
                  {one.parameters?.map((parameter) => (
                    <Text size="sm" key={parameter.name}>
                      <Code>{parameter.name}</Code> <span className="quiet">{parameter.description}</span>
                    </Text>
                  ))}
                </section>
              )),
            )}
          </Stack>
        )}
      </QueryBoundary>
    </>
  );
}
