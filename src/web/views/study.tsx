import { Alert, Anchor, Badge, Button, Grid, Group, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import type { HistoryEntry, ShownPatient, ShownPrior, StudyPage } from '../../server/page-types.js';
import { get } from '../api.js';
import { QueryBoundary } from '../parts/query-boundary.js';
import { sortedByImportance } from '../finding-order.js';
import { OutcomeBadge, ProbabilityBar } from '../parts/finding.js';
import { RequestAnalysis } from '../parts/request-analysis.js';
import { Reason } from '../parts/reason.js';
import { dicomDate, moment } from '../parts/time.js';
import { findingText } from '../texts/finding-name.js';
import { probabilityFigure } from '../texts/numbers.js';
import { useTexts, type TextKey } from '../texts/texts.js';
import { AssessmentsPanel } from './assessments.js';
import { StudyMessages } from './study-messages.js';
import { ReadingPanel } from './reading-panel.js';
import { StudyImages } from '../image/study-images.js';
import { FindingViewerLink, ohifAddress } from '../image/viewer-link.js';
import { StudySteps } from '../reading/study-steps.js';
import { useKeys } from '../use-keys.js';
import { studyApi, studyView } from '../addresses.js';

/** The displayed wait is at most this old. */
const waitMs = 30_000;

export function StudyView({ study }: { readonly study: string }): ReactNode {
  const { language } = useTexts();
  const [, navigate] = useLocation();
  const query = useQuery({
    queryKey: ['study', study, language],
    queryFn: () => get<StudyPage>(`${studyApi(study, 'page')}?language=${language}`),
    refetchInterval: waitMs,
  });
  useKeys('study', { worklist: () => navigate('/worklist') });
  return (
    <>
      <StudySteps study={study} />
      <QueryBoundary query={query}>{(page) => <Page page={page} />}</QueryBoundary>
    </>
  );
}

function Page({ page }: { readonly page: StudyPage }): ReactNode {
  const { t } = useTexts();
  const [current] = page.history;
  return (
    <>
      <Header page={page} />
      {page.pacs !== 'answers' && (
        <Alert color="orange" mb="md" role="status">
          {t(page.pacs === 'gone' ? 'study.gone' : 'study.pacsUnreachable')}
        </Alert>
      )}
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 7 }}>
          <section className="card" aria-labelledby="images">
            <Title order={2} size="h4" id="images" mb="sm">
              {t('study.images')}
            </Title>
            <StudyImages page={page} />
          </section>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Stack gap="md">
            {page.reading && <ReadingPanel study={page.studyInstanceUID} reading={page.reading} />}
            <section className="card" aria-labelledby="findings">
              <Group justify="space-between" mb="sm">
                <Title order={2} size="h4" id="findings">
                  {t('study.findings')}
                </Title>
                {current && <OutcomeBadge outcome={current.outcome} />}
              </Group>
              {current ? <Findings entry={current} page={page} /> : <Text className="quiet">{t('request.none')}</Text>}
              {page.pacs === 'answers' && current?.outcome !== 'reported' && <RequestAnalysis study={page.studyInstanceUID} />}
              {current?.outcome === 'reported' && <AssessmentsPanel study={page.studyInstanceUID} current={current} />}
            </section>
            <section className="card" aria-labelledby="documents">
              <Title order={2} size="h4" id="documents" mb="sm">
                {t('study.documents')}
              </Title>
              <Documents entry={current} />
            </section>
            <StudyMessages study={page.studyInstanceUID} />
            <section className="card" aria-labelledby="history">
              <Title order={2} size="h4" id="history" mb="sm">
                {t('study.history')}
              </Title>
              <History entries={page.history} />
            </section>
          </Stack>
        </Grid.Col>
      </Grid>
    </>
  );
}

function Header({ page: { patient, studyInstanceUID, pacs } }: { readonly page: StudyPage }): ReactNode {
  const { t, language } = useTexts();
  return (
    <Group justify="space-between" mb="md" align="flex-start">
      <div>
        <Title order={1} size="h2">
          {patient ? patient.name || patient.patientId : t('worklist.unknownPatient')}
        </Title>
        {patient && <Text className="quiet">{factsOf(patient, t, language).join(' · ')}</Text>}
        <Text className="mono quiet">{studyInstanceUID}</Text>
      </div>
      {pacs === 'answers' && (
        <Button component="a" href={ohifAddress(studyInstanceUID)} target="_blank" rel="noopener">
          {t('study.open')}
        </Button>
      )}
    </Group>
  );
}

function factsOf(patient: ShownPatient, t: ReturnType<typeof useTexts>['t'], language: string): readonly string[] {
  return [
    patient.patientId,
    patient.sex,
    patient.birthDate && t('study.born', { date: dicomDate(patient.birthDate, language) }),
    patient.modalities.join(', '),
    dicomDate(patient.studyDate, language),
    patient.description,
    patient.accessionNumber && t('study.accession', { number: patient.accessionNumber }),
  ].filter(Boolean);
}

function Findings({ entry, page }: { readonly entry: HistoryEntry; readonly page: StudyPage }): ReactNode {
  const { t, language } = useTexts();
  const { prior } = page;
  if (entry.outcome !== 'reported') return <Reason {...entry} />;
  if (entry.findings.length === 0) return <Text className="quiet">{t('study.noFindings')}</Text>;
  const others = entry.otherFindings ?? [];
  const severalModels = new Set([...entry.findings, ...others].map(({ modelVersion }) => modelVersion)).size > 1;
  return (
    <Stack gap="sm">
      {sortedByImportance(entry.findings).map((finding) => (
        <div key={finding.name}>
          <Group justify="space-between" gap="xs">
            <Text fw={600}>{findingText(finding.meaning, t)}</Text>
            <Text>
              <span className={finding.decision}>{t(`decision.${finding.decision}`)}</span> ·{' '}
              <b>{probabilityFigure(finding, language)} %</b>
            </Text>
          </Group>
          <ProbabilityBar probability={finding.probability} decision={finding.decision} />
          {finding.isNotCalibratedHere && (
            <Text size="sm" className="quiet" data-testid="not-calibrated">
              {t('finding.notCalibrated')}
            </Text>
          )}
          <FindingViewerLink page={page} meaning={finding.meaning} />
          {prior && <PriorFinding prior={prior} name={finding.name} />}
          {severalModels && finding.modelVersion && (
            <Text size="sm" className="quiet">
              {t('study.byModel', { version: finding.modelVersion })}
            </Text>
          )}
          {others
            .filter(({ name }) => name === finding.name)
            .map((other) => (
              <Text size="sm" className="quiet" key={other.modelVersion}>
                {t('study.otherModel', {
                  version: other.modelVersion ?? '',
                  decision: t(`decision.${other.decision}`),
                  probability: probabilityFigure(other, language),
                })}
              </Text>
            ))}
        </div>
      ))}
    </Stack>
  );
}

/** What became of a finding since the prior study, which a click opens. */
function PriorFinding({ prior, name }: { readonly prior: ShownPrior; readonly name: string }): ReactNode {
  const { t, language } = useTexts();
  const before = prior.findings.find((one) => one.name === name);
  if (!before) return null;
  return (
    <Text size="sm" className="quiet">
      <b>{t(`study.prior.${before.change}`)}</b>:{' '}
      <Anchor component={Link} size="sm" underline="always" href={studyView(prior.studyInstanceUID)}>
        {dicomDate(prior.studyDate, language)}
      </Anchor>{' '}
      {t(`decision.${before.decision}`)}, {probabilityFigure(before, language)} %
      {prior.isOtherModel ? ` (${t('study.prior.otherModel')})` : ''}
    </Text>
  );
}

function Documents({ entry }: { readonly entry: HistoryEntry | undefined }): ReactNode {
  const { t } = useTexts();
  if (!entry || entry.documents.length === 0) return <Text className="quiet">–</Text>;
  return (
    <Stack gap={6}>
      {entry.documents.map((document) => (
        <div key={document.sopInstanceUID}>
          <Text size="sm">{t(`study.document.${document.kind}` as TextKey)}</Text>
          <Text className="mono quiet">{document.sopInstanceUID}</Text>
        </div>
      ))}
      {entry.deliveries.map(({ destination, state }) => (
        <Text size="sm" key={destination}>
          {t('study.delivery', { destination, state: t(`study.delivery.${state}` as TextKey) })}
        </Text>
      ))}
    </Stack>
  );
}

function History({ entries }: { readonly entries: readonly HistoryEntry[] }): ReactNode {
  const { t, language } = useTexts();
  return (
    <Table verticalSpacing={6}>
      <Table.Tbody>
        {entries.map((entry) => (
          <Table.Tr key={entry.resultId}>
            <Table.Td>
              <Group gap="xs">
                <OutcomeBadge outcome={entry.outcome} />
                {entry.isCurrent && (
                  <Badge variant="default" tt="none">
                    {t('study.current')}
                  </Badge>
                )}
              </Group>
              <Text size="sm" className="quiet">
                {[
                  moment(entry.createdAt, language),
                  entry.modelVersion,
                  entry.rule && t('study.rule', { rule: entry.rule }),
                  t('study.duration', { ms: Math.round(Object.values(entry.timingsMs).reduce((sum, ms) => sum + ms, 0)) }),
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </Text>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
