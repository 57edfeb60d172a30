import 'uplot/dist/uPlot.min.css';
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef, useState, type RefObject } from 'react';
import UPlot from 'uplot';
import { useTexts, type Language } from '../texts/texts.js';

/** What a plot is drawn in. */
export interface PlotSurface {
  /** Pixels. */
  readonly width: number;
  readonly theme: 'dark' | 'light';
  /** Ink, grid and letters of an axis. */
  readonly axis: UPlot.Axis;
}

export interface DrawnPlot {
  readonly options: Omit<UPlot.Options, 'cursor' | 'legend'>;
  readonly data: UPlot.AlignedData;
}

/** Draws into an element, as wide as it is, and again when its width, the theme, the language or `draw` changes: memoize it (`useCallback`). */
export function usePlot(draw: (surface: PlotSurface) => DrawnPlot): RefObject<HTMLDivElement | null> {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const theme = useComputedColorScheme('dark');
  const { language } = useTexts();
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    watch.observe(ref.current!);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    if (!ref.current || width === 0) return;
    const { options, data } = draw({ width, theme, axis: axisOf(theme, language) });
    const plot = new UPlot({ ...options, cursor: { show: false }, legend: { show: false } }, data, ref.current);
    return () => plot.destroy();
  }, [width, theme, language, draw]);
  return ref;
}

function axisOf(theme: PlotSurface['theme'], language: Language): UPlot.Axis {
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 6 });
  const grid = { stroke: theme === 'dark' ? '#29323a' : '#dde4e8', width: 1 };
  const font = '12px system-ui';
  return {
    stroke: theme === 'dark' ? '#c3cad1' : '#39434d',
    grid,
    ticks: grid,
    font,
    labelFont: font,
    labelSize: 22,
    values: (_plot, ticks) => ticks.map((tick) => number.format(tick)),
  };
}
