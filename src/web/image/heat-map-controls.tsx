import { Anchor, Group, NativeSelect, Slider, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ShownHeatMap, StudyPage } from '../../server/page-types.js';
import { heatMapText } from '../texts/finding-name.js';
import { useTexts } from '../texts/texts.js';
import { ohifAddress } from './viewer-link.js';

/** Below the image: which heat map, how strong, and the way to its image in OHIF. */
export function HeatMapControls({
  page,
  heatMaps,
  chosen,
  onChosen,
  opacity,
  onOpacity,
}: {
  readonly page: StudyPage;
  readonly heatMaps: readonly ShownHeatMap[];
  /** Absent on an image without a heat map. */
  readonly chosen: ShownHeatMap | undefined;
  readonly onChosen: (heatMap: ShownHeatMap) => void;
  readonly opacity: number;
  readonly onOpacity: (opacity: number) => void;
}): ReactNode {
  const { t, language } = useTexts();
  const source = chosen?.sourceSopInstanceUID;
  const seriesInstanceUID = page.images.find((one) => one.sopInstanceUID === source)?.seriesInstanceUID;
  return (
    <div>
      <Group gap="sm" mt="xs" align="center">
        <NativeSelect
          size="xs"
          aria-label={t('image.heatMap')}
          value={chosen?.sopInstanceUID ?? ''}
          onChange={(event) => {
            const next = heatMaps.find((one) => one.sopInstanceUID === event.currentTarget.value);
            if (next) onChosen(next);
          }}
          data={[
            ...(chosen ? [] : [{ value: '', label: '–' }]),
            ...heatMaps.map((one) => ({
              value: one.sopInstanceUID,
              label: t('image.heatMapOf', { title: heatMapText(one.title, t, language) }),
            })),
          ]}
        />
        {source && (
          <Anchor
            size="sm"
            underline="always"
            href={ohifAddress(page.studyInstanceUID, { seriesInstanceUID, sopInstanceUID: source })}
            target="_blank"
            rel="noopener"
            data-testid="open-image"
          >
            {t('image.openInViewer')}
          </Anchor>
        )}
      </Group>
      <Text size="sm" mt="xs" id="fade">
        {t('study.fade')}: {opacity} %
      </Text>
      <Slider
        value={opacity}
        onChange={onOpacity}
        label={(value) => `${value} %`}
        thumbLabel={t('study.fade')}
        step={5}
        disabled={!chosen}
      />
      <Text size="sm" className="quiet">
        {t('study.heatMapLegend')}
      </Text>
    </div>
  );
}
