import { Slider } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ImageStack } from '../../server/page-types.js';
import { useTexts } from '../texts/texts.js';

/** Through the slices of a stack, from head to foot. */
export function SliceSlider({
  stack,
  index,
  onIndex,
}: {
  readonly stack: ImageStack;
  readonly index: number;
  readonly onIndex: (index: number) => void;
}): ReactNode {
  const { t } = useTexts();
  return (
    <Slider
      mt="xs"
      min={1}
      max={stack.frames.length}
      value={index + 1}
      onChange={(value) => onIndex(value - 1)}
      label={(value) => `${value} / ${stack.frames.length}`}
      thumbLabel={t('image.slices')}
    />
  );
}
