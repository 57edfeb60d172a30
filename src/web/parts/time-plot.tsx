import { Text, useComputedColorScheme } from '@mantine/core';
import { useCallback, type ReactNode } from 'react';
import type { Figure } from '../figure-svg.js';
import { useTexts } from '../texts/texts.js';
import { FigureDownloads } from './figure-downloads.js';
import { usePlot } from './use-plot.js';

export interface TimePlotProps {
  /** Of the downloaded files. */
  readonly name: string;
  /** What is plotted, with its unit. */
  readonly label: string;
  /** Seconds since 1970, rising. */
  readonly times: readonly number[];
  readonly series: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
}

const colours = {
  dark: ['#4acbbc', '#ffcf70', '#ff9d80'],
  light: ['#0a6b60', '#7a5200', '#a32a12'],
} as const;
const dashes = [[], [6, 4], [2, 3]] as const;

/** Values over time, and the figure to download. Lines differ in colour and dashes. */
export function TimePlot({ name: file, label, times, series }: TimePlotProps): ReactNode {
  const scheme = useComputedColorScheme('dark');
  const { t, language } = useTexts();
  const ref = usePlot(
    useCallback(
      ({ width, theme, axis }) => {
        const hour = new Intl.DateTimeFormat(language, { weekday: 'short', hour: '2-digit' });
        return {
          options: {
            width,
            height: 180,
            scales: { y: { range: (_self, _min, max) => [0, Math.max(1, (max ?? 0) * 1.1)] } },
            axes: [
              { ...axis, space: 90, values: (_plot, ticks) => ticks.map((tick) => hour.format(new Date(tick * 1000))) },
              { ...axis, size: 44 },
            ],
            series: [
              {},
              ...series.map(({ name }, index) => ({
                label: name,
                stroke: colours[theme][index % 3]!,
                dash: [...dashes[index % 3]!],
                width: 2,
                points: { size: 4 },
              })),
            ],
          },
          data: [[...times], ...series.map(({ values }) => [...values])],
        };
      },
      [language, times, series],
    ),
  );
  return (
    <figure className="time-plot">
      <Text component="figcaption" size="sm" fw={600}>
        {label}
      </Text>
      <div className="plot" ref={ref} role="img" aria-label={`${label}: ${series.map(({ name }) => name).join(', ')}`} />
      <Text component="div" size="sm" className="quiet">
        {series.map(({ name }, index) => (
          <span key={name} className="legend">
            <svg width="22" height="8" aria-hidden>
              <line
                x1="0"
                x2="22"
                y1="4"
                y2="4"
                stroke={colours[scheme][index % 3]}
                strokeWidth="2.5"
                strokeDasharray={dashes[index % 3]!.join(' ')}
              />
            </svg>
            {name}
          </span>
        ))}
      </Text>
      <FigureDownloads name={file} figure={timeFigure(label, t('figure.time'), times, series)} />
    </figure>
  );
}

function timeFigure(title: string, xLabel: string, times: TimePlotProps['times'], series: TimePlotProps['series']): Figure {
  return {
    title,
    xLabel,
    yLabel: title,
    xIsTime: true,
    curves: series.map(({ name, values }) => ({
      name,
      points: times.flatMap((time, index) => {
        const value = values[index];
        return value === null || value === undefined ? [] : [[time, value] as const];
      }),
    })),
  };
}
