import { NativeSelect, Slider, Stack, Text } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import type { ShownHeatMap, ShownImage, StudyPage } from '../../server/page-types.js';
import { studyApi } from '../addresses.js';
import { heatMapText } from '../texts/finding-name.js';
import { useTexts } from '../texts/texts.js';
import { sortedHeatMaps } from './stacks.js';
import { belowBase } from '../base-path.js';

const addressOf = (
  study: string,
  { seriesInstanceUID, sopInstanceUID }: Pick<ShownImage, 'seriesInstanceUID' | 'sopInstanceUID'>,
): string => belowBase(studyApi(study, 'series', seriesInstanceUID, 'instances', sopInstanceUID, 'picture'));

/** The images as the network saw them, drawn by the service; nothing can be changed but the heat map. */
export function StillPictures({ page }: { readonly page: StudyPage }): ReactNode {
  const { t, language } = useTexts();
  const { studyInstanceUID, images } = page;
  const newest = sortedHeatMaps(page);
  const [chosen, setChosen] = useState<string>();
  const [strength, setStrength] = useState(20);
  const heatMap = newest.find((one) => one.sopInstanceUID === chosen) ?? (chosen === undefined ? newest[0] : undefined);
  const image =
    images.find((one) => one.sopInstanceUID === (heatMap?.sourceSopInstanceUID ?? chosen)) ?? images[Math.floor(images.length / 2)];
  if (!image && !heatMap) return <Text className="quiet">{t('study.noImage')}</Text>;
  return (
    <Stack gap="sm">
      <NativeSelect
        aria-label={t('study.images')}
        value={heatMap?.sopInstanceUID ?? image?.sopInstanceUID}
        onChange={(event) => setChosen(event.currentTarget.value)}
        data={[
          ...newest.map((one) => ({ value: one.sopInstanceUID, label: `${t('study.heatMap')}: ${heatMapText(one.title, t, language)}` })),
          ...images.map((one, index) => ({ value: one.sopInstanceUID, label: labelOf(one, index, images) })),
        ]}
      />
      <Layers study={studyInstanceUID} image={image} heatMap={heatMap} strength={strength} />
      {heatMap && (
        <div>
          <Text size="sm" id="fade">
            {t('study.fade')}
          </Text>
          <Text size="sm" className="quiet">
            {t('study.heatMapLegend')}
          </Text>
          <Slider value={strength} onChange={setStrength} label={(value) => `${value} %`} thumbLabel={t('study.fade')} step={5} />
        </div>
      )}
    </Stack>
  );
}

/** The heat map is as wide as the picture that it was drawn over, and longer by its legend. */
function Layers({
  study,
  image,
  heatMap,
  strength,
}: {
  readonly study: string;
  readonly image: ShownImage | undefined;
  readonly heatMap: ShownHeatMap | undefined;
  readonly strength: number;
}): ReactNode {
  const { t, language } = useTexts();
  if (!heatMap)
    return (
      <div className="picture" data-testid="picture">
        {image && <img src={addressOf(study, image)} alt={t('study.image')} />}
      </div>
    );
  return (
    <div className="picture" data-testid="picture">
      <img src={addressOf(study, heatMap)} alt={`${t('study.heatMap')}: ${heatMapText(heatMap.title, t, language)}`} />
      {image && <img className="top" src={addressOf(study, image)} alt="" style={{ opacity: 1 - strength / 100 }} />}
    </div>
  );
}

function labelOf(image: ShownImage, index: number, images: readonly ShownImage[]): string {
  const number = images.length > 1 ? ` ${index + 1} / ${images.length}` : '';
  return `${[image.modality, image.view, image.description].filter(Boolean).join(' ')}${number}`;
}
