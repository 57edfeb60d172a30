import { Anchor } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ShownHeatMap, StudyPage } from '../../server/page-types.js';
import { findingText } from '../texts/finding-name.js';
import { useTexts } from '../texts/texts.js';
import { belowBase } from '../base-path.js';

/** OHIF on a study, or on one of its images: parameters of OHIF 3, compared without regard to case. */
export function ohifAddress(
  study: string,
  image?: { readonly seriesInstanceUID?: string | undefined; readonly sopInstanceUID: string },
): string {
  const parameters = new URLSearchParams({ StudyInstanceUIDs: study });
  if (image?.seriesInstanceUID) parameters.set('initialSeriesInstanceUID', image.seriesInstanceUID);
  if (image) parameters.set('initialSOPInstanceUID', image.sopInstanceUID);
  return belowBase(`/viewer/viewer?${parameters.toString()}`);
}

/** The heat map of a finding in the current result; a title begins with the meaning of its finding. */
export function heatMapOf(page: Pick<StudyPage, 'heatMaps' | 'history'>, meaning: string): ShownHeatMap | undefined {
  const current = new Set(page.history[0]?.documents.map((one) => one.sopInstanceUID) ?? []);
  const ofFinding = page.heatMaps.filter(({ title }) => title === meaning || title.startsWith(`${meaning} `));
  return ofFinding.find((one) => current.has(one.sopInstanceUID)) ?? ofFinding[0];
}

/** A link to OHIF on the image or slice of a finding, for findings with a heat map. */
export function FindingViewerLink({ page, meaning }: { readonly page: StudyPage; readonly meaning: string }): ReactNode {
  const { t } = useTexts();
  const source = heatMapOf(page, meaning)?.sourceSopInstanceUID;
  if (!source || page.pacs !== 'answers') return null;
  const seriesInstanceUID = page.images.find((one) => one.sopInstanceUID === source)?.seriesInstanceUID;
  return (
    <Anchor
      size="sm"
      underline="always"
      href={ohifAddress(page.studyInstanceUID, { seriesInstanceUID, sopInstanceUID: source })}
      target="_blank"
      rel="noopener"
      aria-label={t('image.openFinding', { finding: findingText(meaning, t) })}
    >
      {t('image.openInViewer')}
    </Anchor>
  );
}
