import { Anchor, Collapse, Group, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { AnalyzedFinding, FindingFigures, ModelsPage } from '../../server/page-types.js';
import { get } from '../api.js';
import { thresholdPercent } from '../finding-order.js';
import { findingText } from '../texts/finding-name.js';
import { fixedText, localFigure, probabilityFigure } from '../texts/numbers.js';
import { useTexts } from '../texts/texts.js';
import { ProbabilityBar } from './finding.js';

/** One finding of an analyzed file: decision, probability between its thresholds, and how reliable it is. */
export function AnalyzedFindingCard({
  finding,
  network,
  version,
}: {
  readonly finding: AnalyzedFinding;
  readonly network: 'xray' | 'ct';
  readonly version: string;
}): ReactNode {
  const { t, language } = useTexts();
  const [open, { toggle }] = useDisclosure(false);
  const { data: models } = useQuery({ queryKey: ['models'], queryFn: () => get<ModelsPage>('/api/models') });
  const figures = models?.models.find((one) => one.version === version)?.figures[network][finding.name];
  return (
    <div data-testid={`finding-${finding.name}`}>
      <Group justify="space-between" align="baseline" gap="xs">
        <Text size="lg" fw={650}>
          {findingText(finding.meaning, t)}
        </Text>
        <Text size="lg">
          <span className={finding.decision}>{t(`decision.${finding.decision}`)}</span> · <b>{probabilityFigure(finding, language)} %</b>
        </Text>
      </Group>
      <ProbabilityBar probability={finding.probability} decision={finding.decision} marks={[finding.absentBelow, finding.presentFrom]} />
      <Text size="sm" className="quiet" mt={4}>
        {t('analyze.thresholds', {
          absent: localFigure(thresholdPercent(finding.absentBelow), language),
          present: localFigure(thresholdPercent(finding.presentFrom), language),
        })}
      </Text>
      {finding.isNotCalibratedHere && (
        <Text size="sm" className="quiet" data-testid="not-calibrated">
          {t('finding.notCalibrated')}
        </Text>
      )}
      <Anchor component="button" type="button" size="sm" onClick={toggle} aria-expanded={open}>
        {t('analyze.reliability')}
      </Anchor>
      <Collapse expanded={open}>
        <Reliability finding={finding} figures={figures} />
      </Collapse>
    </div>
  );
}

function Reliability({ finding, figures }: { readonly finding: AnalyzedFinding; readonly figures: FindingFigures | undefined }): ReactNode {
  const { t, language } = useTexts();
  if (!figures) return <Text size="sm">{t('analyze.noFigures')}</Text>;
  const [low, high] = figures.aurocInterval ?? [];
  return (
    <Stack gap={4} mt={4}>
      {figures.ece !== undefined && (
        <Text size="sm">
          {t('analyze.calibration', { percent: Math.round(finding.probability * 100), ece: Math.max(1, Math.round(figures.ece * 100)) })}
        </Text>
      )}
      {figures.auroc !== undefined && (
        <Text size="sm">
          {t('analyze.figures', {
            auroc: fixedText(figures.auroc, 2, language),
            low: fixedText(low, 2, language),
            high: fixedText(high, 2, language),
            n: figures.n,
            positive: figures.positive,
          })}
        </Text>
      )}
    </Stack>
  );
}
