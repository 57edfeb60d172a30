import { Anchor, Badge, Group, NativeSelect, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { FindingFigures, ModelsPage, ShownModel } from '../../server/page-types.js';
import { get } from '../api.js';
import { useModelLine, withLine } from '../model-line.js';
import { Limitations } from '../parts/limitations.js';
import { QueryBoundary } from '../parts/query-boundary.js';
import { ServiceSentence } from '../parts/service-sentence.js';
import { moment } from '../parts/time.js';
import { outputText } from '../texts/finding-name.js';
import { actorText } from '../texts/known-sentence.js';
import { fixedText, intervalText } from '../texts/numbers.js';
import { useTexts, type Language, type TextKey, type Translate } from '../texts/texts.js';
import { Drift } from './drift.js';
import { ActionOutcome, ConfirmedAction, useModelActions, VersionActions, type ModelActionState } from './model-actions.js';
import { Retraining } from './retraining.js';

export function ModelsView(): ReactNode {
  const { t } = useTexts();
  const [line, chooseLine] = useModelLine();
  const actions = useModelActions(line);
  const query = useQuery({ queryKey: ['models', line], queryFn: () => get<ModelsPage>(withLine('/api/models', line)) });
  return (
    <>
      <Title order={1} size="h2" mb="md">
        {t('models.title')}
      </Title>
      <QueryBoundary query={query}>
        {({ models, history, former, unreadableChanges, lines }) => (
          <Stack gap="md">
            {lines.length > 1 && (
              <NativeSelect
                label={t('models.line')}
                description={t('models.lineHint')}
                value={line}
                onChange={(event) => chooseLine(event.currentTarget.value)}
                data={[...lines]}
                data-testid="model-line"
              />
            )}
            <ActionOutcome actions={actions} />
            {unreadableChanges && <Text>{t('models.unreadableChanges', { records: unreadableChanges.join(', ') })}</Text>}
            {models.map((model) => (
              <Model key={model.version} model={model} actions={actions} />
            ))}
            {former && (
              <Group>
                <ConfirmedAction
                  actions={actions}
                  name="rollback"
                  label={t('models.rollback')}
                  path="/api/models/rollback"
                  question={t('models.ask.rollback', { version: former })}
                />
              </Group>
            )}
            <Drift line={line} />
            <Retraining line={line} actions={actions} />
            <section className="card" aria-labelledby="history">
              <Title order={2} size="h4" id="history" mb="sm">
                {t('models.history')}
              </Title>
              {history.length === 0 ? <Text className="quiet">{t('models.noHistory')}</Text> : <History history={history} line={line} />}
            </section>
          </Stack>
        )}
      </QueryBoundary>
    </>
  );
}

export function RoleBadge({ role }: { readonly role: ShownModel['role'] }): ReactNode {
  const { t } = useTexts();
  return (
    <Badge variant={role === 'champion' ? 'filled' : 'default'} tt="none">
      {t(`models.role.${role}`)}
    </Badge>
  );
}

function Model({ model, actions }: { readonly model: ShownModel; readonly actions: ModelActionState }): ReactNode {
  const { t } = useTexts();
  return (
    <section className="card" aria-label={model.version}>
      <Group justify="space-between">
        <Group gap="sm">
          <Title order={2} size="h4">
            <Anchor component={Link} href={withLine(`/models/${model.version}`, actions.line)} inherit>
              {model.name} <span className="mono">{model.version}</span>
            </Anchor>
          </Title>
          <RoleBadge role={model.role} />
        </Group>
        <Text size="sm" className="quiet">
          {t('models.created')} {model.created}
        </Text>
      </Group>
      {model.limitations && <Limitations text={model.limitations} isShort />}
      <Figures model={model} />
      <VersionActions model={model} actions={actions} />
    </section>
  );
}

export function Figures({ model }: { readonly model: ShownModel }): ReactNode {
  const { t, language } = useTexts();
  const rows = (['xray', 'ct'] as const).flatMap((network) =>
    Object.entries(model.figures[network])
      .filter(([, { isReported }]) => isReported)
      .map(([name, figures]) => ({ network, name, figures })),
  );
  if (rows.length === 0) return null;
  return (
    <Table.ScrollContainer minWidth={560} scrollAreaProps={{ viewportProps: { tabIndex: 0, 'aria-label': t('models.figures') } }} mt="sm">
      <Table verticalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t('models.figures')}</Table.Th>
            {(['models.unseen', 'models.auroc', 'models.interval', 'models.ece', 'models.brier', 'models.images'] as const).map((key) => (
              <Table.Th scope="col" key={key} className="number">
                {t(key)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(({ network, name, figures }) => (
            <Table.Tr key={`${network} ${name}`}>
              <Table.Td>
                {t(`models.${network}`)}: {outputText(name, t)}
              </Table.Td>
              {cells(figures, t, language).map((cell, index) => (
                <Table.Td key={index} className="number">
                  {cell}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function cells(
  { unseen, auroc, aurocInterval, ece, brier, n, positive }: FindingFigures,
  t: Translate,
  language: Language,
): readonly string[] {
  return [
    unseen ? t('models.unseenAt', { auroc: fixedText(unseen.auroc, 3, language), source: unseen.source }) : t('models.unseenUnknown'),
    fixedText(auroc, 3, language),
    aurocInterval ? intervalText(aurocInterval, 3, language) : '–',
    fixedText(ece, 3, language),
    fixedText(brier, 3, language),
    `${n} (${positive})`,
  ];
}

function History({ history, line }: Pick<ModelsPage, 'history' | 'line'>): ReactNode {
  const { t, language } = useTexts();
  return (
    <Table.ScrollContainer minWidth={480} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
      <Table verticalSpacing={6}>
        <Table.Tbody>
          {history.map((one) => (
            <Table.Tr key={one.number}>
              <Table.Td>{moment(one.at, language)}</Table.Td>
              <Table.Td>{t(`models.action.${one.action}` as TextKey)}</Table.Td>
              <Table.Td>
                <Anchor
                  component={Link}
                  href={withLine(`/models/${one.action === 'challenge' && one.challenger ? one.challenger : one.champion}`, line)}
                  className="mono"
                >
                  {one.action === 'challenge' ? (one.challenger ?? '–') : one.champion}
                </Anchor>
              </Table.Td>
              <Table.Td>{actorText(one.by, t)}</Table.Td>
              <Table.Td>
                <ServiceSentence text={one.why} mayBeOfPerson />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
