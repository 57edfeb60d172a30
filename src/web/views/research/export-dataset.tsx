import { Alert, Button, Checkbox, Group, SegmentedControl, Stack, Text, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { ShownExport } from '../../../server/page-types.js';
import { post } from '../../api.js';
import { ServiceSentence } from '../../parts/service-sentence.js';
import { sentenceOf } from '../../sentence.js';
import { knownSentence } from '../../texts/known-sentence.js';
import { useTexts } from '../../texts/texts.js';
import { useCurrentUser } from '../../use-current-user.js';

const options = ['shiftDates', 'retainPatientCharacteristics', 'retainDeviceIdentity', 'includeSuspected'] as const;

/** For operators: the labelled images as a de-identified data set, in a folder of the service. */
export function ExportDataset(): ReactNode {
  const { t } = useTexts();
  const user = useCurrentUser();
  const [format, setFormat] = useState<'dicom' | 'png'>('dicom');
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const run = useMutation({
    mutationFn: () =>
      post<ShownExport>('/api/datasets/export', { format, ...Object.fromEntries(options.map((name) => [name, chosen.includes(name)])) }),
  });
  if (!user?.roles.some((role) => role === 'operator' || role === 'admin')) return null;
  return (
    <section className="card" aria-labelledby="export" data-testid="export-dataset">
      <Title order={2} size="h4" id="export" mb="xs">
        {t('export.title')}
      </Title>
      <Text size="sm" className="quiet" mb="sm">
        {t('export.hint')}
      </Text>
      <Stack gap="sm" align="flex-start">
        <SegmentedControl
          size="sm"
          aria-label={t('export.format')}
          value={format}
          onChange={(value) => setFormat(value as 'dicom' | 'png')}
          data={[
            { value: 'dicom', label: 'DICOM' },
            { value: 'png', label: 'PNG' },
          ]}
        />
        {options.map((name) => (
          <Checkbox
            key={name}
            label={t(`export.${name}`)}
            checked={chosen.includes(name)}
            onChange={(event) => setChosen(event.currentTarget.checked ? [...chosen, name] : chosen.filter((one) => one !== name))}
          />
        ))}
        <Group>
          <Button size="xs" loading={run.isPending} onClick={() => run.mutate()}>
            {t('export.start')}
          </Button>
        </Group>
        {run.isError && (
          <Alert color="red" role="alert" py="xs">
            {sentenceOf(run.error, t)}
          </Alert>
        )}
        {run.data && <Outcome done={run.data} />}
      </Stack>
    </section>
  );
}

function Outcome({ done: { directory, images, patients, burnedIn, unreadable } }: { readonly done: ShownExport }): ReactNode {
  const { t, language } = useTexts();
  return (
    <Alert color={burnedIn.length + unreadable.length > 0 ? 'orange' : 'green'} role="status" data-testid="exported">
      <Text size="sm">{t('export.done', { images, patients })}</Text>
      <Text size="sm" className="mono">
        {directory}
      </Text>
      {burnedIn.map(({ studyInstanceUID, reason, exported }) => (
        <Text size="sm" key={studyInstanceUID}>
          {t(exported ? 'export.check' : 'export.leftOut', {
            study: studyInstanceUID,
            reason: knownSentence(reason, t, language) ?? reason,
          })}
        </Text>
      ))}
      {unreadable.map(({ studyInstanceUID, reason }) => (
        <Text size="sm" key={studyInstanceUID}>
          {studyInstanceUID}: <ServiceSentence text={reason} />
        </Text>
      ))}
    </Alert>
  );
}
