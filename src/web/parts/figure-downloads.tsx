import { Button, Group } from '@mantine/core';
import type { ReactNode } from 'react';
import { downloadText } from '../download.js';
import { figureSvg, type Figure } from '../figure-svg.js';
import { useTexts } from '../texts/texts.js';

/** Two buttons below a figure: the figure as an SVG file, its numbers as JSON. @param name of the files, without ending */
export function FigureDownloads({ figure, name }: { readonly figure: Figure; readonly name: string }): ReactNode {
  const { t, language } = useTexts();
  return (
    <Group gap="xs" mt="xs">
      <Button
        size="compact-xs"
        variant="default"
        aria-label={`${t('figure.svg')}: ${figure.title}`}
        onClick={() => downloadText(`${name}.svg`, 'image/svg+xml', figureSvg(figure, language))}
      >
        {t('figure.svg')}
      </Button>
      <Button
        size="compact-xs"
        variant="default"
        aria-label={`${t('figure.json')}: ${figure.title}`}
        onClick={() => downloadText(`${name}.json`, 'application/json', `${JSON.stringify(figure, undefined, 2)}\n`)}
      >
        {t('figure.json')}
      </Button>
    </Group>
  );
}
