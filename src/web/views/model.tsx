import { Alert, Anchor, Badge, Group, SegmentedControl, SimpleGrid, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState, type ReactNode } from 'react';
import { Link } from 'wouter';
import type { EvaluationReport, GateDecision } from '../../server/page-types.js';
import type { ModelDetail, ShownChange } from '../../server/page-types.js';
import { get } from '../api.js';
import { useModelLine, withLine } from '../model-line.js';
import { Limitations } from '../parts/limitations.js';
import { MarkdownDocument } from '../parts/markdown-document.js';
import { QueryBoundary } from '../parts/query-boundary.js';
import { FigureDownloads } from '../parts/figure-downloads.js';
import { ServiceSentence } from '../parts/service-sentence.js';
import { UnitPlot } from '../parts/unit-plot.js';
import { moment } from '../parts/time.js';
import { outputText } from '../texts/finding-name.js';
import { actorText, imageGroupText } from '../texts/known-sentence.js';
import { fixedText } from '../texts/numbers.js';
import { useTexts } from '../texts/texts.js';
import { Figures, RoleBadge } from './models.js';

export function ModelView({ version }: { readonly version: string }): ReactNode {
  const { t } = useTexts();
  const [line] = useModelLine();
  const query = useQuery({
    queryKey: ['model', version, line],
    queryFn: () => get<ModelDetail>(withLine(`/api/models/${version}`, line)),
  });
  return (
    <>
      <Text size="sm" mb="xs">
        <Anchor component={Link} href={withLine('/models', line)}>
          ← {t('models.back')}
        </Anchor>
      </Text>
      <QueryBoundary query={query}>{(model) => <Detail model={model} />}</QueryBoundary>
    </>
  );
}

function Detail({ model }: { readonly model: ModelDetail }): ReactNode {
  const { t } = useTexts();
  const reports = Object.entries(model.reports);
  return (
    <Stack gap="md">
      <Group gap="sm">
        <Title order={1} size="h2">
          {model.name} <span className="mono">{model.version}</span>
        </Title>
        <RoleBadge role={model.role} />
      </Group>
      {model.limitations && <Limitations text={model.limitations} isShort={false} />}
      <section className="card" aria-label={t('models.figures')}>
        <Figures model={model} />
        {model.notCalibratedHere && (
          <Text size="sm" mt="xs">
            {t('models.notCalibrated', { findings: model.notCalibratedHere.map((one) => outputText(one, t)).join(', ') })}
          </Text>
        )}
        {model.withoutGuard && (
          <Text size="sm" mt="xs">
            {t('models.noGuard', { networks: model.withoutGuard.join(', ') })}
          </Text>
        )}
        <Text size="sm" className="quiet" mt="xs">
          {model.license}
        </Text>
      </section>
      {reports.length === 0 && <Text className="quiet">{t('models.noReport')}</Text>}
      {reports.map(([network, report]) => (
        <Report key={network} report={report} />
      ))}
      {model.changes.map((change) => (
        <Change key={change.id} change={change} />
      ))}
      {model.card && (
        <section className="card" aria-label={t('models.card')}>
          <MarkdownDocument text={model.card} from="" label={t('models.card')} />
        </section>
      )}
    </Stack>
  );
}

function Report({ report }: { readonly report: EvaluationReport }): ReactNode {
  const { t, language } = useTexts();
  const [name, setName] = useState(report.classes[0] ?? '');
  const figures = report.perClass[name];
  const roc = useMemo(() => (figures?.roc ?? []).map(([x, y]) => [x!, y!] as const), [figures]);
  const reliability = useMemo(
    () =>
      (figures?.reliability ?? []).flatMap((bin) =>
        bin.meanScore !== null && bin.observed !== null ? [[bin.meanScore, bin.observed] as const] : [],
      ),
    [figures],
  );
  return (
    <>
      {report.warnings.length > 0 && (
        <Alert color="orange" title={t('models.warnings')}>
          {report.warnings.map((one) => (
            <div key={one}>
              <ServiceSentence text={one} />
            </div>
          ))}
        </Alert>
      )}
      {report.classes.length > 1 && (
        <SegmentedControl
          value={name}
          onChange={setName}
          data={report.classes.map((value) => ({ value, label: outputText(value, t) }))}
          aria-label={t('models.figures')}
        />
      )}
      <SimpleGrid cols={{ base: 1, md: 2, xl: 3 }} spacing="md">
        <section className="card">
          <Title order={2} size="h4">
            {t('models.roc')}
          </Title>
          <UnitPlot
            label={`${t('models.roc')}: ${t('models.auroc')} ${fixedText(figures?.auroc.value, 3, language)}`}
            xLabel={t('models.rocX')}
            yLabel={t('models.rocY')}
            points={roc}
            marks={false}
          />
          <FigureDownloads
            name={`roc-${name}`}
            figure={{
              title: `${t('models.roc')}: ${outputText(name, t)}`,
              xLabel: t('models.rocX'),
              yLabel: t('models.rocY'),
              xRange: [0, 1],
              yRange: [0, 1],
              curves: [{ name: outputText(name, t), points: roc }],
            }}
          />
        </section>
        <section className="card">
          <Title order={2} size="h4">
            {t('models.reliability')}
          </Title>
          <UnitPlot
            label={`${t('models.reliability')}: ${t('models.ece')} ${fixedText(figures?.ece, 3, language)}`}
            xLabel={t('models.reliabilityX')}
            yLabel={t('models.reliabilityY')}
            points={reliability}
            marks
          />
          <FigureDownloads
            name={`calibration-${name}`}
            figure={{
              title: `${t('models.reliability')}: ${outputText(name, t)}`,
              xLabel: t('models.reliabilityX'),
              yLabel: t('models.reliabilityY'),
              xRange: [0, 1],
              yRange: [0, 1],
              curves: [{ name: outputText(name, t), points: reliability, marks: true }],
            }}
          />
        </section>
        <section className="card">
          <Title order={2} size="h4" mb="sm">
            {t('models.confusion')}
          </Title>
          {figures && <Confusion matrix={figures.confusion} name={name} />}
        </section>
      </SimpleGrid>
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
        <Groups title={t('models.bySource')} groups={report.bySource} name={name} />
        <Groups title={t('models.byView')} groups={report.byView} name={name} />
      </SimpleGrid>
    </>
  );
}

function Confusion({ matrix, name }: { readonly matrix: readonly (readonly number[])[]; readonly name: string }): ReactNode {
  const { t } = useTexts();
  const labels = [`– ${outputText(name, t)}`, outputText(name, t)];
  const most = Math.max(1, ...matrix.flat());
  return (
    <Table withTableBorder withColumnBorders>
      <Table.Thead>
        <Table.Tr>
          <Table.Td />
          {labels.map((label) => (
            <Table.Th scope="col" key={label}>
              {t('models.predicted')} {label}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {matrix.map((row, actual) => (
          <Table.Tr key={actual}>
            <Table.Th scope="row">
              {t('models.actual')} {labels[actual]}
            </Table.Th>
            {row.map((count, predicted) => (
              <Table.Td
                key={predicted}
                className="number"
                style={{ background: `color-mix(in srgb, var(--mantine-color-screen-6) ${Math.round((count / most) * 35)}%, transparent)` }}
              >
                {count}
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Groups({
  title,
  groups,
  name,
}: {
  readonly title: string;
  readonly groups: EvaluationReport['bySource'];
  readonly name: string;
}): ReactNode {
  const { t, language } = useTexts();
  if (groups.length === 0) return null;
  return (
    <section className="card" aria-label={title}>
      <Title order={2} size="h4" mb="sm">
        {title}
      </Title>
      <Table.ScrollContainer minWidth={420} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
        <Table verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Td />
              {(['models.images', 'models.auroc', 'models.sensitivity', 'models.specificity'] as const).map((key) => (
                <Table.Th scope="col" key={key} className="number">
                  {t(key)}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {groups.map((group) => {
              const figures = group.perClass[name];
              return (
                <Table.Tr key={group.name}>
                  <Table.Td>{group.name}</Table.Td>
                  <Table.Td className="number">{figures ? `${figures.n} (${figures.positives})` : group.n}</Table.Td>
                  {[figures?.auroc, figures?.sensitivity, figures?.specificity].map((one, index) => (
                    <Table.Td key={index} className="number">
                      {fixedText(one?.value, 3, language)}
                    </Table.Td>
                  ))}
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </section>
  );
}

function Change({ change: { id, at, by, outcome, why, decision } }: { readonly change: ShownChange }): ReactNode {
  const { t, language } = useTexts();
  return (
    <section className="card" aria-label={`${t('models.gate')}, ${id}`}>
      <Group gap="sm" mb="sm">
        <Title order={2} size="h4">
          {t('models.gate')}
        </Title>
        <Badge variant="default" tt="none">
          {t(`outcome.change.${outcome}`)}
        </Badge>
        <Text size="sm" className="quiet">
          {moment(at, language)} · {actorText(by, t)} · <span className="mono">{id}</span>
        </Text>
      </Group>
      <Text mb="sm">
        <ServiceSentence text={why} mayBeOfPerson />
      </Text>
      {decision && <Criteria decision={decision} />}
    </section>
  );
}

function Criteria({ decision: { testSet, champion, criteria } }: { readonly decision: GateDecision }): ReactNode {
  const { t, language } = useTexts();
  return (
    <>
      <Text size="sm" className="quiet" mb="xs">
        {t('models.testSet', { name: testSet.name, n: testSet.n, patients: testSet.patients, champion: champion ?? '–' })}
      </Text>
      <Table.ScrollContainer minWidth={520} scrollAreaProps={{ viewportProps: { tabIndex: 0, 'aria-label': t('models.gate') } }}>
        <Table verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{t('models.criterion')}</Table.Th>
              <Table.Th scope="col">{t('models.worstGroup')}</Table.Th>
              <Table.Th scope="col" className="number">
                {t('models.measured')}
              </Table.Th>
              <Table.Th scope="col" className="number">
                {t('models.bound')}
              </Table.Th>
              <Table.Th scope="col">{t('models.result')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {criteria.map((one) => (
              <Table.Tr key={`${one.name} ${one.class ?? ''}`}>
                <Table.Td>
                  <ServiceSentence text={one.words} />
                </Table.Td>
                <Table.Td>{imageGroupText(one.group ?? '', t, language)}</Table.Td>
                <Table.Td className="number">{fixedText(one.figure, 3, language)}</Table.Td>
                <Table.Td className="number">
                  {one.bound === null ? '–' : `${one.comparison === 'at-least' ? '≥' : '≤'} ${fixedText(one.bound, 3, language)}`}
                </Table.Td>
                <Table.Td className={one.passed ? 'absent' : one.counts ? 'present' : 'quiet'}>
                  {t(one.passed ? 'models.passed' : one.counts ? 'models.notPassed' : 'models.onlyShown')}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </>
  );
}
