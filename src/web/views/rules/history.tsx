import { Alert, Badge, Button, Group, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { ShownRuleVersion } from '../../../server/page-types.js';
import { get, post } from '../../api.js';
import { QueryBoundary } from '../../parts/query-boundary.js';
import { moment } from '../../parts/time.js';
import { sentenceOf } from '../../sentence.js';
import { useTexts } from '../../texts/texts.js';

const marks = { same: ' ', added: '+', removed: '-' } as const;

/** Versions of the rules: who changed them when, the difference, and the way back, which ends a draft. */
export function RulesHistory({
  version,
  isReadOnly,
  onRestored,
}: {
  readonly version: string;
  readonly isReadOnly: boolean;
  onRestored(): void;
}): ReactNode {
  const { t, language } = useTexts();
  const client = useQueryClient();
  const query = useQuery({
    queryKey: ['rules-history', version],
    queryFn: () => get<readonly ShownRuleVersion[]>('/api/rules/history'),
  });
  const restore = useMutation({
    mutationFn: (number: number) => post(`/api/rules/history/${number}/restore`, { basedOn: version }),
    onSuccess: onRestored,
    onSettled: () => Promise.all(['rules', 'rules-history', 'operations'].map((key) => client.invalidateQueries({ queryKey: [key] }))),
  });
  return (
    <section className="card" aria-label={t('rules.history')}>
      <Title order={2} size="h4" mb="sm">
        {t('rules.history')}
      </Title>
      {restore.isSuccess && (
        <Alert color="green" role="status" py="xs" mb="sm">
          {t('rules.restored', { number: restore.variables })}
        </Alert>
      )}
      {restore.isError && (
        <Alert color="red" role="alert" py="xs" mb="sm">
          {sentenceOf(restore.error, t)}
        </Alert>
      )}
      <QueryBoundary query={query}>
        {(versions) => (
          <Stack gap="sm">
            {versions.map((one) => (
              <div key={one.number} data-version={one.number}>
                <Group gap="sm">
                  <Text fw={600}>{t('rules.version', { number: one.number })}</Text>
                  <Text size="sm">
                    {moment(one.at, language)} · {one.by === 'file' ? t('rules.byFile') : one.by}
                  </Text>
                  {one.isCurrent ? (
                    <Badge variant="default" tt="none">
                      {t('rules.current')}
                    </Badge>
                  ) : (
                    <Button
                      size="xs"
                      variant="default"
                      disabled={isReadOnly || restore.isPending}
                      onClick={() => restore.mutate(one.number)}
                    >
                      {t('rules.restore')}
                    </Button>
                  )}
                </Group>
                <Difference lines={one.difference} />
              </div>
            ))}
          </Stack>
        )}
      </QueryBoundary>
    </section>
  );
}

function Difference({ lines }: { readonly lines: ShownRuleVersion['difference'] }): ReactNode {
  const { t } = useTexts();
  if (lines.length === 0)
    return (
      <Text size="sm" className="quiet">
        {t('rules.noDifference')}
      </Text>
    );
  return (
    <details>
      <summary>{t('rules.difference')}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: lines that scroll must be reached by keyboard */}
      <pre className="mono difference" tabIndex={0}>
        {lines.map(({ change, text }, index) => (
          <span key={index} className={change === 'added' ? 'absent' : change === 'removed' ? 'present' : 'quiet'}>
            {marks[change]} {text}
            {'\n'}
          </span>
        ))}
      </pre>
    </details>
  );
}
