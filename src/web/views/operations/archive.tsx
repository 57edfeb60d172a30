import { Alert, Badge, Button, Group, Progress, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent, type ReactNode } from 'react';
import type { ShownBackfill } from '../../../server/page-types.js';
import { get, post } from '../../api.js';
import { QueryBoundary } from '../../parts/query-boundary.js';
import { sentenceOf } from '../../sentence.js';
import { useTexts } from '../../texts/texts.js';
import { useCurrentUser } from '../../use-current-user.js';
import { TrialReportPanel } from './trial-report.js';

interface ArchiveAction {
  readonly path: string;
  readonly body?: unknown;
}

const shownEnded = 3;

/** Analyses of the archive: their progress, and for administrators start, pause, resume and cancel. */
export function Archive(): ReactNode {
  const { t } = useTexts();
  const client = useQueryClient();
  const mayChange = useCurrentUser()?.roles.includes('admin') ?? false;
  const query = useQuery({
    queryKey: ['backfills'],
    queryFn: () => get<readonly ShownBackfill[]>('/api/backfills'),
    refetchInterval: 10_000,
  });
  const run = useMutation({
    mutationFn: ({ path, body }: ArchiveAction) => post<ShownBackfill>(path, body),
    onSettled: () => client.invalidateQueries({ queryKey: ['backfills'] }),
  });
  return (
    <QueryBoundary query={query}>
      {(backfills) => {
        const active = backfills.filter((one) => isActive(one));
        const ended = backfills.filter((one) => !isActive(one)).slice(0, shownEnded);
        return (
          <Stack gap="md">
            {backfills.length === 0 && <Text className="quiet">{t('archive.none')}</Text>}
            {[...active, ...ended].map((one) => (
              <Backfill key={one.id} backfill={one} {...(mayChange && isActive(one) ? { run: run.mutate } : {})} />
            ))}
            {mayChange && active.length === 0 && <StartForm run={run.mutate} isPending={run.isPending} />}
            {run.isError && (
              <Alert color="red" role="alert" py="xs">
                {sentenceOf(run.error, t)}
              </Alert>
            )}
          </Stack>
        );
      }}
    </QueryBoundary>
  );
}

function isActive({ state }: ShownBackfill): boolean {
  return state === 'running' || state === 'paused';
}

function Backfill({ backfill, run }: { readonly backfill: ShownBackfill; readonly run?: (action: ArchiveAction) => void }): ReactNode {
  const { t } = useTexts();
  const [confirming, setConfirming] = useState(false);
  const { id, since, until, rule, model, perHour, hours, shadow, state, found, finished, isSearched, ratePerHour, timeLeftMs } = backfill;
  const limits = [
    t('archive.limits', { perHour }),
    ...(hours === undefined ? [] : [t('archive.hours', { hours })]),
    ...(rule === undefined ? [] : [t('archive.rule', { rule })]),
    ...(model === undefined ? [] : [t('archive.model', { model })]),
    ...(shadow ? [t('archive.shadow')] : []),
  ];
  const estimate = [
    ...(ratePerHour === undefined ? [] : [t('archive.rate', { rate: Math.round(ratePerHour) })]),
    ...(timeLeftMs === undefined ? [] : [t('archive.timeLeft', { time: durationOf(timeLeftMs) })]),
  ];
  const progress = t(isSearched ? 'archive.progress' : 'archive.searching', { finished, found });
  const change = (verb: string): void => run?.({ path: `/api/backfills/${id}/${verb}` });
  return (
    <div data-testid="backfill">
      <Group gap="sm">
        <Text fw={600}>{t('archive.range', { since, until })}</Text>
        <Badge variant="default" tt="none">
          {state === 'running' && !backfill.isWithinHours ? t('archive.waitsForHours') : t(`archive.state.${state}`)}
        </Badge>
        <Text size="sm" className="quiet">
          {limits.join(' · ')}
        </Text>
      </Group>
      {isActive(backfill) && <Progress value={found === 0 ? 0 : (100 * finished) / found} aria-label={progress} my={6} />}
      <Text size="sm">{[progress, ...estimate].join(' · ')}</Text>
      <Text size="sm" className="quiet">
        {t('archive.counts', {
          done: backfill.done,
          unchanged: backfill.unchanged,
          skipped: backfill.skipped,
          failed: backfill.failed,
          vanished: backfill.vanished,
        })}
      </Text>
      {shadow && backfill.done + backfill.unchanged > 0 && <TrialReportPanel id={id} isEnded={!isActive(backfill)} />}
      {run && (
        <Group gap="sm" mt="xs">
          {confirming ? (
            <>
              <Button size="xs" color="red" onClick={() => (setConfirming(false), change('cancel'))}>
                {t('archive.confirmCancel')}
              </Button>
              <Button size="xs" variant="default" onClick={() => setConfirming(false)}>
                {t('archive.keep')}
              </Button>
            </>
          ) : (
            <>
              <Button size="xs" variant="default" onClick={() => change(state === 'running' ? 'pause' : 'resume')}>
                {t(state === 'running' ? 'archive.pause' : 'archive.resume')}
              </Button>
              <Button size="xs" variant="default" onClick={() => setConfirming(true)}>
                {t('archive.cancel')}
              </Button>
            </>
          )}
        </Group>
      )}
    </div>
  );
}

function StartForm({ run, isPending }: { readonly run: (action: ArchiveAction) => void; readonly isPending: boolean }): ReactNode {
  const { t } = useTexts();
  const [since, setSince] = useState('');
  const [until, setUntil] = useState('');
  const [perHour, setPerHour] = useState('60');
  const [hours, setHours] = useState('');
  const [rule, setRule] = useState('');
  const [model, setModel] = useState('');
  const start = (shadow: boolean): void => {
    const stated = Object.entries({ hours, rule, model }).flatMap(([name, text]) => (text.trim() === '' ? [] : [[name, text.trim()]]));
    run({ path: '/api/backfills', body: { since, until, perHour: Number(perHour), shadow, ...Object.fromEntries(stated) } });
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    start(false);
  };
  return (
    <form onSubmit={submit}>
      <Group gap="sm" align="flex-end">
        <TextInput
          type="date"
          required
          label={t('archive.since')}
          value={since}
          onChange={(event) => setSince(event.currentTarget.value)}
        />
        <TextInput
          type="date"
          required
          label={t('archive.until')}
          value={until}
          onChange={(event) => setUntil(event.currentTarget.value)}
        />
        <TextInput
          type="number"
          min={1}
          required
          label={t('archive.perHour')}
          value={perHour}
          onChange={(event) => setPerHour(event.currentTarget.value)}
        />
        <TextInput label={t('archive.hoursLabel')} value={hours} onChange={(event) => setHours(event.currentTarget.value)} />
        <TextInput label={t('archive.ruleLabel')} value={rule} onChange={(event) => setRule(event.currentTarget.value)} />
        <TextInput
          label={t('archive.modelLabel')}
          title={t('archive.modelHint')}
          value={model}
          onChange={(event) => setModel(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" loading={isPending}>
          {t('archive.start')}
        </Button>
        <Button variant="default" loading={isPending} onClick={() => start(true)}>
          {t('archive.startShadow')}
        </Button>
      </Group>
    </form>
  );
}

/** "3 d 4 h", "4 h 12 min", "12 min": units that both languages write so. */
function durationOf(ms: number): string {
  const minutes = Math.ceil(ms / 60_000);
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60)];
  if (days > 0) return `${days} d ${hours} h`;
  return hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}
