import { Anchor, Badge, Group, Progress, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { ShownReadiness, ShownRetraining } from '../../server/page-types.js';
import { get } from '../api.js';
import { withLine } from '../model-line.js';
import { QueryBoundary } from '../parts/query-boundary.js';
import { ServiceSentence } from '../parts/service-sentence.js';
import { moment } from '../parts/time.js';
import { actorText } from '../texts/known-sentence.js';
import { useTexts } from '../texts/texts.js';
import { ConfirmedAction, type ModelActionState } from './model-actions.js';

/** While it runs, its progress changes without an event of the server. */
const reloadMs = 5_000;

/** Retraining: progress of the run, outcome of the last one, and a button to start one. */
export function Retraining({ line, actions }: { readonly line: string; readonly actions: ModelActionState }): ReactNode {
  const { t } = useTexts();
  const query = useQuery({
    queryKey: ['retraining', line],
    queryFn: () => get<ShownRetraining>(withLine('/api/retraining', line)),
    refetchInterval: ({ state: { data } }) => (data?.state === 'running' || data?.state === 'waiting' ? reloadMs : false),
  });
  return (
    <section className="card" aria-labelledby="retraining">
      <Title order={2} size="h4" id="retraining" mb="sm">
        {t('retraining.title')}
      </Title>
      <QueryBoundary query={query}>
        {(retraining) => (
          <Stack gap="sm">
            <Group gap="sm">
              <Badge variant="default" tt="none" data-testid="retraining-state">
                {t(`retraining.${retraining.state}`)}
              </Badge>
            </Group>
            {retraining.inProgress && <InProgress run={retraining.inProgress} />}
            {retraining.last ? (
              <Last last={retraining.last} />
            ) : (
              <Text size="sm" className="quiet">
                {t('retraining.none')}
              </Text>
            )}
            <Readiness line={line} />
            {(retraining.state === 'idle' || retraining.state === 'failed') && (
              <Group>
                <ConfirmedAction
                  actions={actions}
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
      </QueryBoundary>
    </section>
  );
}

/** New labels, the minimum and the time that a run takes, before anyone starts one. */
function Readiness({ line }: { readonly line: string }): ReactNode {
  const { t } = useTexts();
  const { data } = useQuery({
    queryKey: ['readiness', line],
    queryFn: () => get<ShownReadiness>(withLine('/api/retraining/readiness', line)),
  });
  if (!data) return null;
  const { newLabels, minNewLabels, agreedLabels, threads, estimatedMinutes, estimatedBy } = data;
  return (
    <Stack gap={2} data-testid="readiness">
      <Text size="sm">
        <b>{t('retraining.readiness', { labels: newLabels, minimum: minNewLabels, agreed: agreedLabels })}</b>
      </Text>
      <Text size="sm" className="quiet">
        {estimatedMinutes === undefined
          ? t('retraining.noEstimate', { threads })
          : `${t(threads === 1 ? 'retraining.estimateOne' : 'retraining.estimate', { minutes: estimatedMinutes, threads })} ${t(estimatedBy === 'inference' ? 'retraining.estimatedByInference' : 'retraining.estimatedByLast')}`}
      </Text>
      {newLabels < minNewLabels && (
        <Text size="sm" className="undetermined">
          {t('retraining.tooFew')}
        </Text>
      )}
      <Anchor component={Link} href={withLine('/research', line)} size="sm">
        {t('retraining.curves')}
      </Anchor>
    </Stack>
  );
}

function InProgress({
  run: { startedAt, by, images, step, epochsDone, epochs },
}: {
  readonly run: NonNullable<ShownRetraining['inProgress']>;
}): ReactNode {
  const { t, language } = useTexts();
  const progress = t(`retraining.step.${step}`, { done: epochsDone, epochs });
  return (
    <div>
      <Text size="sm">
        {t('retraining.inProgress', { time: moment(startedAt, language), by: actorText(by, t), images })} {progress}
      </Text>
      <Progress value={(epochsDone / Math.max(1, epochs)) * 100} mt={6} aria-label={progress} />
    </div>
  );
}

function Last({ last: { endedAt, by, outcome, why, challenger } }: { readonly last: NonNullable<ShownRetraining['last']> }): ReactNode {
  const { t, language } = useTexts();
  return (
    <div>
      <Text size="sm">
        {t('retraining.last', { time: moment(endedAt, language), by: actorText(by, t) })} <b>{t(`outcome.change.${outcome}`)}</b>{' '}
        {challenger && (
          <Anchor component={Link} href={`/models/${challenger}`} className="mono" size="sm">
            {challenger}
          </Anchor>
        )}
      </Text>
      <Text size="sm" className="quiet">
        <ServiceSentence text={why} />
      </Text>
    </div>
  );
}
