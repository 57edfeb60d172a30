import { Grid, Group, SegmentedControl, Slider, Stack, Text } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import type { AnalyzedImage } from '../../../server/page-types.js';
import { sortedByImportance } from '../../finding-order.js';
import { AnalyzedFindingCard } from '../../parts/analyzed-finding.js';
import { OutcomeBadge } from '../../parts/finding.js';
import { Reason } from '../../parts/reason.js';
import { findingText } from '../../texts/finding-name.js';
import { useTexts } from '../../texts/texts.js';

/** A picture with the heat map of a finding over it, and all findings. @param narrow the picture above the findings, not beside them */
export function AnalyzedImageView({
  image,
  version,
  narrow,
}: {
  readonly image: AnalyzedImage;
  readonly version: string;
  readonly narrow: boolean;
}): ReactNode {
  const { t } = useTexts();
  const findings = sortedByImportance(image.findings);
  const [shown, setShown] = useState(findings[0]?.name ?? '');
  const [strength, setStrength] = useState(50);
  const finding = findings.find((one) => one.name === shown);
  if (image.outcome !== 'reported') {
    return (
      <div>
        <Group gap="sm">
          <OutcomeBadge outcome={image.outcome} />
          <Text size="sm" className="quiet">
            {image.title}
          </Text>
        </Group>
        {image.code === 'not-frontal-chest' && (
          <Text mt="xs" fw={600}>
            {t('analyze.notChest')}
          </Text>
        )}
        <Reason {...image} />
      </div>
    );
  }
  return (
    <Grid gap="lg">
      <Grid.Col span={narrow ? 12 : { base: 12, sm: 6, lg: 5 }}>
        {image.picture && (
          <Stack gap="xs">
            <div className="picture" data-testid="analyzed-picture">
              <img src={finding?.picture ?? image.picture.url} alt={image.title} />
              {finding?.heatMap && (
                <img
                  className="over"
                  src={finding.heatMap}
                  alt={t('analyze.heatMapOf', { finding: findingText(finding.meaning, t) })}
                  style={{ opacity: strength / 100 }}
                />
              )}
              {finding?.box && finding.decision === 'present' && strength > 0 && (
                <span
                  className="box"
                  style={{
                    left: `${finding.box.left * 100}%`,
                    top: `${finding.box.top * 100}%`,
                    width: `${(finding.box.right - finding.box.left) * 100}%`,
                    height: `${(finding.box.bottom - finding.box.top) * 100}%`,
                  }}
                />
              )}
            </div>
            {findings.length > 1 && (
              <SegmentedControl
                size="xs"
                fullWidth
                value={shown}
                onChange={setShown}
                aria-label={t('analyze.heatMap')}
                data={findings.map((one) => ({ value: one.name, label: findingText(one.meaning, t) }))}
              />
            )}
            <Slider value={strength} onChange={setStrength} label={(value) => `${value} %`} thumbLabel={t('analyze.opacity')} step={5} />
            <Text size="sm" className="quiet">
              {t('analyze.heatMap')}
            </Text>
          </Stack>
        )}
      </Grid.Col>
      <Grid.Col span={narrow ? 12 : { base: 12, sm: 6, lg: 7 }}>
        <Stack gap="lg">
          <Text size="sm" className="quiet">
            {image.title}
          </Text>
          {findings.map((one) => (
            <AnalyzedFindingCard key={one.name} finding={one} network={image.kind === 'ct' ? 'ct' : 'xray'} version={version} />
          ))}
          {image.remarks.map((remark) => (
            <Text size="sm" key={remark} className="quiet">
              {remark.startsWith('A picture file does not state') ? t('analyze.remark.picture') : remark}
            </Text>
          ))}
        </Stack>
      </Grid.Col>
    </Grid>
  );
}
