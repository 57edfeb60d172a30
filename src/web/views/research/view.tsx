import { Stack, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTexts } from '../../texts/texts.js';
import { useModelLine } from '../../model-line.js';
import { ExportDataset } from './export-dataset.js';
import { LabelsOverview } from './labels-overview.js';
import { TrainingRuns } from './training-runs.js';

/** For researchers: the labels, the data set that can be made of them, and the training runs. */
export function ResearchView(): ReactNode {
  const { t } = useTexts();
  const [line] = useModelLine();
  return (
    <Stack gap="md">
      <Title order={1} size="h2">
        {t('research.title')}
      </Title>
      <LabelsOverview />
      <ExportDataset />
      <TrainingRuns line={line} />
    </Stack>
  );
}
