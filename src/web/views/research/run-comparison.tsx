import { Anchor, SimpleGrid, Stack, Table, Text, Title } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import { useMemo, type ReactNode } from 'react';
import { Link } from 'wouter';
import type { ShownRun } from '../../../server/page-types.js';
import { studyView } from '../../addresses.js';
import { get } from '../../api.js';
import type { Figure } from '../../figure-svg.js';
import { withLine } from '../../model-line.js';
import { LinePlot } from '../../parts/line-plot.js';
import { ServiceSentence } from '../../parts/service-sentence.js';
import { moment } from '../../parts/time.js';
import { outputText } from '../../texts/finding-name.js';
import { actorText } from '../../texts/known-sentence.js';
import { fixedText, intervalText } from '../../texts/numbers.js';
import { useTexts, type Language, type Translate } from '../../texts/texts.js';

/** While a run is in progress: its steps are no event of the service. */
const reloadMs = 5_000;

/** Curves, figures with intervals and settings of one or two runs, and the images that are worth looking at. */
export function RunComparison({ ids, line }: { readonly ids: readonly string[]; readonly line: string }): ReactNode {
  const { t, language } = useTexts();
  const queries = useQueries({
    queries: ids.map((id) => ({
      queryKey: ['runs', line, id],
      queryFn: () => get<ShownRun>(withLine(`/api/runs/${id}`, line)),
      refetchInterval: ({ state: { data } }: { readonly state: { readonly data?: ShownRun | undefined } }) =>
        data && data.endedAt === undefined ? reloadMs : (false as const),
    })),
  });
  const runs = queries.flatMap(({ data }) => (data ? [data] : []));
  const key = queries.map(({ dataUpdatedAt }) => dataUpdatedAt).join(' ');
  // biome-ignore lint/correctness/useExhaustiveDependencies: the queries make new arrays at each drawing; their times tell when one changed
  const [loss, accuracy] = useMemo(() => [lossFigure(runs, t, language), accuracyFigure(runs, t, language)], [key, t, language]);
  if (runs.length === 0) return null;
  return (
    <Stack gap="lg" mt="md" data-testid="run-comparison">
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        <div>
          <Title order={3} size="h5">
            {loss.title}
          </Title>
          <LinePlot figure={loss} name="loss" />
        </div>
        <div>
          <Title order={3} size="h5">
            {accuracy.title}
          </Title>
          <LinePlot figure={accuracy} name="accuracy" />
        </div>
      </SimpleGrid>
      {runs.map(
        ({ id, outcome, why }) =>
          why !== undefined && (
            <Text size="sm" key={id}>
              {id}: {outcome && t(`outcome.change.${outcome}`)}. <ServiceSentence text={why} />
            </Text>
          ),
      )}
      <RunFigures runs={runs} />
      <Settings runs={runs} />
      {runs.map((run) => run.compared.length > 0 && <ComparedImages key={run.id} run={run} />)}
    </Stack>
  );
}

/** Curves of one run are named by what they are; of two also by the run. */
function curveName(runs: readonly ShownRun[], run: ShownRun, name: string, language: Language): string {
  return runs.length === 1 ? name : `${name}, ${moment(run.startedAt, language)}`;
}

function lossFigure(runs: readonly ShownRun[], t: Translate, language: Language): Figure {
  return {
    title: t('runs.loss'),
    xLabel: t('runs.steps'),
    yLabel: t('runs.loss'),
    curves: runs.flatMap((run) => [
      { name: curveName(runs, run, t('runs.trainLoss'), language), points: run.steps.map(({ step, loss }) => [step, loss] as const) },
      {
        name: curveName(runs, run, t('runs.validationLoss'), language),
        points: run.epochs.map(({ step, validationLoss }) => [step, validationLoss] as const),
        marks: true,
      },
    ]),
  };
}

function accuracyFigure(runs: readonly ShownRun[], t: Translate, language: Language): Figure {
  return {
    title: t('runs.accuracy'),
    xLabel: t('runs.steps'),
    yLabel: t('runs.accuracy'),
    yRange: [0, 1],
    curves: runs.map((run) => ({
      name: curveName(runs, run, t('runs.accuracy'), language),
      points: run.epochs.map(({ step, validationAccuracy }) => [step, validationAccuracy] as const),
      marks: true,
    })),
  };
}

function RunFigures({ runs }: { readonly runs: readonly ShownRun[] }): ReactNode {
  const { t, language } = useTexts();
  const findings = [...new Set(runs.flatMap(({ figures }) => figures.map(({ finding }) => finding)))];
  if (findings.length === 0) return null;
  return (
    <Table verticalSpacing={4} captionSide="top" aria-label={t('runs.figures')} data-testid="run-figures">
      <Table.Caption>{t('runs.figures')}</Table.Caption>
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">{t('labels.finding')}</Table.Th>
          {runs.map(({ id, version }) => (
            <Table.Th scope="col" key={id}>
              {version ?? id}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {findings.map((finding) => (
          <Table.Tr key={finding}>
            <Table.Td>{outputText(finding, t)}</Table.Td>
            {runs.map(({ id, figures }) => {
              const found = figures.find((one) => one.finding === finding);
              const interval = found?.interval ? ` (${intervalText(found.interval, 3, language)})` : '';
              return (
                <Table.Td key={id}>
                  {found?.auroc == null ? '–' : `${fixedText(found.auroc, 3, language)}${interval}, n = ${found.n}`}
                </Table.Td>
              );
            })}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** Of two runs only what differs. */
function Settings({ runs }: { readonly runs: readonly ShownRun[] }): ReactNode {
  const { t, language } = useTexts();
  const all = runs.map(
    ({ settings, images, threads }): Readonly<Record<string, string>> => ({
      ...settings,
      ...Object.fromEntries(Object.entries(images).map(([part, n]) => [`images.${part}`, String(n)])),
      ...(threads === undefined ? {} : { threads: String(threads) }),
    }),
  );
  const names = [...new Set(all.flatMap((one) => Object.keys(one)))].filter(
    (name) => runs.length === 1 || all.some((one) => one[name] !== all[0]![name]),
  );
  return (
    <details open={runs.length > 1} data-testid="run-settings">
      <summary>{t(runs.length > 1 ? 'runs.differences' : 'runs.settings', { n: names.length })}</summary>
      <Table verticalSpacing={2} aria-label={t('runs.settings', { n: names.length })}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t('runs.setting')}</Table.Th>
            {runs.map(({ id, name, startedAt }) => (
              <Table.Th scope="col" key={id}>
                {actorText(name, t)}, {moment(startedAt, language)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {names.map((name) => (
            <Table.Tr key={name}>
              <Table.Th scope="row">{name}</Table.Th>
              {all.map((one, index) => (
                <Table.Td key={runs[index]!.id} style={{ overflowWrap: 'anywhere' }}>
                  {one[name] ?? '–'}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </details>
  );
}

/** Greatest losses and greatest differences between the two versions that a retraining run compared. */
function ComparedImages({ run: { compared } }: { readonly run: ShownRun }): ReactNode {
  const { t, language } = useTexts();
  const difference = ({ challenger, champion }: ShownRun['compared'][number]): number =>
    champion === null ? -1 : Math.abs(challenger - champion);
  const lists = [
    ['runs.topLosses', [...compared].filter(({ loss }) => loss !== null).sort((a, b) => b.loss! - a.loss!)],
    ['runs.topDifferences', [...compared].filter(({ champion }) => champion !== null).sort((a, b) => difference(b) - difference(a))],
  ] as const;
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
      {lists.map(([title, images]) => (
        <div key={title} data-testid={title.replace('.', '-')}>
          <Title order={3} size="h5" mb={4}>
            {t(title)}
          </Title>
          <Stack gap={2}>
            {images.slice(0, 10).map(({ studyInstanceUID, finding, truth, challenger, champion, loss }) => (
              <Text size="sm" key={`${studyInstanceUID} ${finding} ${challenger}`}>
                {outputText(finding, t)}:{' '}
                {t('runs.image', {
                  truth: truth === null ? '–' : t(`decision.${truth}`),
                  challenger: fixedText(challenger, 3, language),
                  champion: fixedText(champion, 3, language),
                  loss: fixedText(loss, 2, language),
                })}{' '}
                ·{' '}
                <Anchor component={Link} href={studyView(studyInstanceUID)} size="sm" className="mono" underline="always">
                  {studyInstanceUID}
                </Anchor>
              </Text>
            ))}
          </Stack>
        </div>
      ))}
    </SimpleGrid>
  );
}
