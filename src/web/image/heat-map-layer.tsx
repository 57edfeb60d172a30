import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useTexts } from '../texts/texts.js';
import { heatMapColours, type HeatMapColours } from './heat-map-colours.js';
import type { Shown } from './stage.js';

export interface LaidHeatMap {
  readonly address: string;
  readonly sourceSopInstanceUID: string;
  /** 1-based. */
  readonly sourceFrame: number;
  readonly title: string;
  /** Opacity of its hottest place in per cent. */
  readonly opacity: number;
}

/** The colours of a heat map over the image, wherever it lies on the stage. */
export function HeatMapLayer({ heatMap, shown }: { readonly heatMap: LaidHeatMap; readonly shown: Shown }): ReactNode {
  const { t } = useTexts();
  const canvas = useRef<HTMLCanvasElement>(null);
  const colours = useColours(heatMap.address, shown.part.width > 0 ? shown.part.height / shown.part.width : 1);
  const { left, top, width, height } = shown.part;
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context || !colours || typeof colours === 'string') return;
    const ratio = devicePixelRatio;
    [element.width, element.height] = [element.clientWidth * ratio, element.clientHeight * ratio];
    context.globalAlpha = heatMap.opacity / 100;
    context.drawImage(colours.canvas, left * ratio, top * ratio, width * ratio, height * ratio);
  }, [colours, heatMap.opacity, left, top, width, height]);
  if (typeof colours === 'string')
    return (
      <div className="message" role="alert">
        {t(colours === 'failed' ? 'image.heatMapFailed' : 'image.otherPart')}
      </div>
    );
  return (
    <canvas
      className="colours"
      ref={canvas}
      role="img"
      data-testid="heat-map"
      data-ready={colours !== undefined}
      aria-label={t('image.heatMapOf', { title: heatMap.title })}
    />
  );
}

function useColours(address: string, height: number): HeatMapColours | 'other part' | 'failed' | undefined {
  const [colours, setColours] = useState<HeatMapColours | 'other part' | 'failed'>();
  // The part keeps its form while the image is moved and enlarged.
  const form = Math.round(height * 200) / 200;
  useEffect(() => {
    const abort = new AbortController();
    setColours(undefined);
    heatMapColours(address, form, abort.signal).then(
      (found) => setColours(found ?? 'other part'),
      () => abort.signal.aborted || setColours('failed'),
    );
    return () => abort.abort();
  }, [address, form]);
  return colours;
}
