import { Anchor, Badge, Group, Progress, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { ShownRetraining } from '../../server/page-types.js';
import { get } from '../api.js';
import { Asked } from '../parts/query-boundary.js';
import { moment } from '../parts/time.js';
import { useTexts } from '../texts/texts.js';
import { Deed, type Deeds } from './model-actions.js';

/** While it runs its checkpoints move on without the server saying so. */
const lookMs = 5_000;

/** Retraining: how far it has come, how the last one ended, and one now. */
export function Night({ deeds }: { readonly deeds: Deeds }): ReactNode {
  const { t } = useTexts();
  const query = useQuery({
    queryKey: ['night'],
    queryFn: () => get<ShownRetraining>('/api/night'),
    refetchInterval: ({ state: { data } }) => (data?.state === 'running' || data?.state === 'waiting' ? lookMs : false),
  });
  return (
    <section className="card" aria-labelledby="night">
      <Title order={2} size="h4" id="night" mb="sm">
        {t('night.title')}
      </Title>
      <Asked query={query}>
        {(night) => (
          <Stack gap="sm">
            <Group gap="sm">
              <Badge variant="default" tt="none" data-testid="night-state">
                {t(`night.${night.state}`)}
              </Badge>
            </Group>
            {night.underWay && <UnderWay underWay={night.underWay} />}
            {night.last ? (
              <Last last={night.last} />
            ) : (
              <Text size="sm" className="quiet">
                {t('night.none')}
              </Text>
            )}
            {(night.state === 'idle' || night.state === 'parked') && (
              <Group>
                <Deed
                  deeds={deeds}
                  name="retrain"
                  label={t('models.retrain')}
                  path="/api/retrain"
                  reason="none"
                  question={t('models.ask.retrain')}
                />
              </Group>
            )}
          </Stack>
        )}
      </Asked>
    </section>
  );
}

function UnderWay({
  underWay: { startedAt, by, images, step, epochsDone, epochs },
}: {
  readonly underWay: NonNullable<ShownRetraining['underWay']>;
}): ReactNode {
  const { t, language } = useTexts();
  const said = t(`night.step.${step}`, { done: epochsDone, epochs });
  return (
    <div>
      <Text size="sm">
        {t('night.underWay', { time: moment(startedAt, language), by, images })} {said}
      </Text>
      <Progress value={(epochsDone / Math.max(1, epochs)) * 100} mt={6} aria-label={said} />
    </div>
  );
}

function Last({ last: { endedAt, by, outcome, why, challenger } }: { readonly last: NonNullable<ShownRetraining['last']> }): ReactNode {
  const { t, language } = useTexts();
  return (
    <div>
      <Text size="sm">
        {t('night.last', { time: moment(endedAt, language), by })} <b>{t(`outcome.change.${outcome}`)}</b>{' '}
        {challenger && (
          <Anchor component={Link} href={`/models/${challenger}`} className="mono" size="sm">
            {challenger}
          </Anchor>
        )}
      </Text>
      <Text size="sm" className="quiet">
        {why}
      </Text>
    </div>
  );
}
