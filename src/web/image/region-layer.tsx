import type { ReactNode } from 'react';
import type { ShownRegion } from '../../server/page-types.js';
import { findingText } from '../texts/finding-name.js';
import { useTexts } from '../texts/texts.js';
import type { Shown } from './stage.js';

/** The boxes of the TID 1500 document over the image, wherever it lies on the stage. */
export function RegionLayer({ regions, shown }: { readonly regions: readonly ShownRegion[]; readonly shown: Shown }): ReactNode {
  const { t } = useTexts();
  const { image } = shown;
  return regions.map(({ finding, left, top, right, bottom }) => (
    <div
      key={`${finding} ${left} ${top}`}
      className="region"
      role="img"
      aria-label={t('image.regionOf', { finding: findingText(finding, t) })}
      data-testid="region"
      style={{
        left: image.left + left * image.width,
        top: image.top + top * image.height,
        width: (right - left) * image.width,
        height: (bottom - top) * image.height,
      }}
    >
      <span>{findingText(finding, t)}</span>
    </div>
  ));
}
