import { Alert, Badge, Button, Group, Stack, Table, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { ComparedAgreement, ComparedQuantity } from '../../server/page-types.js';
import type { ShownAlarm, ShownDrift } from '../../server/page-types.js';
import { get, post } from '../api.js';
import { downloadText } from '../download.js';
import { withLine } from '../model-line.js';
import { QueryBoundary } from '../parts/query-boundary.js';
import { ServiceSentence } from '../parts/service-sentence.js';
import { Ago, moment } from '../parts/time.js';
import { sentenceOf } from '../sentence.js';
import { outputText } from '../texts/finding-name.js';
import { fixedText, intervalText, localFigure } from '../texts/numbers.js';
import { useTexts, type Language, type TextKey } from '../texts/texts.js';

/** Whether incoming studies still resemble the training data of the deployed model, site by site, and readers still agree with it. */
export function Drift({ line }: { readonly line: string }): ReactNode {
  const { t, language } = useTexts();
  const query = useQuery({ queryKey: ['drift', line], queryFn: () => get<ShownDrift>(withLine('/api/drift', line)) });
  const check = useMutation({ mutationFn: () => post('/api/drift/check') });
  return (
    <section className="card" aria-labelledby="drift">
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h4" id="drift">
          {t('drift.title')}
        </Title>
        <Group gap="xs">
          {query.data?.report && (
            <Button
              size="xs"
              variant="default"
              aria-label={`${t('figure.json')}: ${t('drift.title')}`}
              onClick={() => downloadText('drift.json', 'application/json', `${JSON.stringify(query.data.report, undefined, 2)}\n`)}
            >
              {t('figure.json')}
            </Button>
          )}
          <Button size="xs" variant="default" loading={check.isPending} onClick={() => check.mutate()}>
            {t('drift.check')}
          </Button>
        </Group>
      </Group>
      {check.isSuccess && (
        <Alert color="green" role="status" py="xs">
          {t('drift.requested')}
        </Alert>
      )}
      {check.isError && (
        <Alert color="red" role="alert" py="xs">
          {sentenceOf(check.error, t)}
        </Alert>
      )}
      <QueryBoundary query={query}>
        {({ report, alarms }) => (
          <Stack gap="sm">
            <Alarms alarms={alarms} />
            {!report && (
              <Text size="sm" className="quiet">
                {t('drift.none')}
              </Text>
            )}
            {report && (
              <>
                <Text size="sm" className="quiet">
                  {t('drift.checked', {
                    time: moment(report.madeAt, language),
                    days: String(report.windowDays),
                    tests: String(report.tests),
                  })}{' '}
                  {t('drift.hint')}
                </Text>
                {report.withoutReference.map((network) => (
                  <Text size="sm" key={network}>
                    {t('drift.withoutReference', { network: t(`models.${network}`) })}
                  </Text>
                ))}
                {report.groups.map(({ site, network, studies, quantities, agreement }) => (
                  <div key={`${site} ${network}`}>
                    <Title order={3} size="h5">
                      {site}{' '}
                      <Text component="span" size="sm" className="quiet">
                        {t(`models.${network}`)} · {t('drift.studies', { n: String(studies) })}
                      </Text>
                    </Title>
                    {quantities.length === 0 && (
                      <Text size="sm" className="quiet">
                        {t('drift.insufficient')}
                      </Text>
                    )}
                    {quantities.length > 0 && <Quantities name={`${site} ${network}`} quantities={quantities} />}
                    {agreement.map((one) => (
                      <AgreementLine key={one.finding} agreement={one} />
                    ))}
                  </div>
                ))}
              </>
            )}
          </Stack>
        )}
      </QueryBoundary>
    </section>
  );
}

/** Alarms, until they are acknowledged and over; also on the Operations page. */
export function Alarms({ alarms }: { readonly alarms: readonly ShownAlarm[] }): ReactNode {
  const { t } = useTexts();
  const client = useQueryClient();
  const acknowledge = useMutation({
    mutationFn: (id: string) => post(`/api/drift/alarms/${id}/acknowledge`),
    onSettled: () => client.invalidateQueries({ queryKey: ['drift'] }),
  });
  if (alarms.length === 0) return <Text size="sm">{t('drift.noAlarm')}</Text>;
  return (
    <Stack gap="xs" data-testid="drift-alarms">
      {alarms.map(({ id, site, network, quantity, detail, raisedAt, acknowledged }) => (
        <Group key={id} justify="space-between" wrap="nowrap" align="flex-start">
          <div>
            <Text size="sm">
              <b className={acknowledged ? '' : 'present'}>{quantityName(quantity, t)}</b> · {site}, {t(`models.${network}`)} ·{' '}
              <Ago at={raisedAt} />
            </Text>
            <Text size="sm" className="quiet">
              <ServiceSentence text={detail} />
              {acknowledged ? ` · ${t('drift.acknowledgedBy', { by: acknowledged.by })}` : ''}
            </Text>
          </div>
          {!acknowledged && (
            <Button size="xs" variant="default" onClick={() => acknowledge.mutate(id)}>
              {t('drift.acknowledge')}
            </Button>
          )}
        </Group>
      ))}
      {acknowledge.isError && (
        <Alert color="red" role="alert" py="xs">
          {sentenceOf(acknowledge.error, t)}
        </Alert>
      )}
    </Stack>
  );
}

function Quantities({ name, quantities }: { readonly name: string; readonly quantities: readonly ComparedQuantity[] }): ReactNode {
  const { t, language } = useTexts();
  return (
    <Table.ScrollContainer minWidth={680} scrollAreaProps={{ viewportProps: { tabIndex: 0, 'aria-label': name } }}>
      <Table verticalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t('drift.quantity')}</Table.Th>
            {(['drift.before', 'drift.lately', 'drift.stability', 'drift.expected', 'drift.pValue'] as const).map((key) => (
              <Table.Th scope="col" key={key} className="number">
                {t(key)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {quantities.map((one) => (
            <Table.Tr key={one.quantity}>
              <Table.Td>
                {quantityName(one.quantity, t)}{' '}
                {one.alarm && (
                  <Badge color="red" tt="none">
                    {t('drift.moved')}
                  </Badge>
                )}
                <Text size="xs" className="quiet">
                  {t(`drift.against.${one.against}`)}
                </Text>
              </Table.Td>
              {cells(one, language).map((cell, index) => (
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
  { before, lately, moved, stability, expectedStability, adjustedP }: ComparedQuantity,
  language: Language,
): readonly string[] {
  const share = (value: number): string => `${fixedText(value * 100, 0, language)} %`;
  const side = (mean: number | null, of: number | undefined, n: number): string =>
    mean !== null
      ? `${localFigure(mean.toPrecision(3), language)} (${n})`
      : moved && of !== undefined
        ? `${moved.name} ${share(of)} (${n})`
        : `(${n})`;
  return [
    side(before.mean, moved?.before, before.n),
    side(lately.mean, moved?.lately, lately.n),
    fixedText(stability, 3, language),
    fixedText(expectedStability, 3, language),
    adjustedP < 0.001 ? `< ${fixedText(0.001, 3, language)}` : fixedText(adjustedP, 3, language),
  ];
}

function AgreementLine({ agreement: { finding, before, lately, alarm } }: { readonly agreement: ComparedAgreement }): ReactNode {
  const { t, language } = useTexts();
  const figures = ({ confirmed, n, interval }: ComparedAgreement['before']): string =>
    `${confirmed} / ${n}${interval ? ` (${intervalText([interval[0] * 100, interval[1] * 100], 0, language)} %)` : ''}`;
  return (
    <Text size="sm">
      {t('drift.agreement', { finding: outputText(finding, t), lately: figures(lately), before: figures(before) })}{' '}
      {alarm && (
        <Badge color="red" tt="none">
          {t('drift.fallen')}
        </Badge>
      )}
    </Text>
  );
}

/** `input:mean` → a name for people; DICOM keywords and names of findings stay as they are. */
function quantityName(quantity: string, t: ReturnType<typeof useTexts>['t']): string {
  const [kind, ...rest] = quantity.split(':');
  const name = rest.join(':');
  return kind === 'input' || kind === 'feature'
    ? t(`drift.quantity.${name}` as TextKey)
    : kind === 'tag'
      ? name
      : t(`drift.quantity.${kind}` as TextKey, { name: outputText(name, t) });
}
