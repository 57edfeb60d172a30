import 'uplot/dist/uPlot.min.css';
import { Text, useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import UPlot from 'uplot';
import { useTexts } from '../texts/texts.js';

export interface PlotProps {
  /** Text alternative for users who do not see the plot. */
  readonly label: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** x and y of each point, 0 to 1; x rising. */
  readonly points: readonly (readonly [number, number])[];
  /** Points alone, or a line through them. */
  readonly marks: boolean;
}

/** A curve in the unit square with its diagonal: the result of chance, or of perfect calibration. */
export function UnitPlot({ label, xLabel, yLabel, points, marks }: PlotProps): ReactNode {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const dark = useComputedColorScheme('dark') === 'dark';
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    watch.observe(ref.current!);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    if (!ref.current || width === 0) return;
    const ink = dark ? '#c3cad1' : '#39434d';
    const grid = { stroke: dark ? '#29323a' : '#dde4e8', width: 1 };
    const axis = (text: string): UPlot.Axis => ({
      label: text,
      stroke: ink,
      grid,
      ticks: grid,
      labelSize: 22,
      size: 44,
      font: '12px system-ui',
      labelFont: '12px system-ui',
    });
    const size = Math.min(width, 420);
    const plot = new UPlot(
      {
        width: size,
        height: size,
        cursor: { show: false },
        legend: { show: false },
        scales: { x: { time: false, range: [0, 1] }, y: { range: [0, 1] } },
        axes: [axis(xLabel), axis(yLabel)],
        series: [
          {},
          { stroke: dark ? '#56616c' : '#9aa7b1', dash: [5, 5], width: 1, points: { show: false } },
          { stroke: dark ? '#4acbbc' : '#0a6b60', width: 2.5, points: { show: marks, size: 8, fill: dark ? '#4acbbc' : '#0a6b60' } },
        ],
      },
      [points.map(([x]) => x), points.map(([x]) => x), points.map(([, y]) => y)],
      ref.current,
    );
    return () => plot.destroy();
  }, [width, dark, points, xLabel, yLabel, marks]);
  return <div className="plot" ref={ref} role="img" aria-label={label} />;
}

export interface TimePlotProps {
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

/** Values over time. Lines differ in colour and dashes; the last values stand in the legend. */
export function TimePlot({ label, times, series }: TimePlotProps): ReactNode {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const scheme = useComputedColorScheme('dark');
  const { language } = useTexts();
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    watch.observe(ref.current!);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    if (!ref.current || width === 0) return;
    const ink = scheme === 'dark' ? '#c3cad1' : '#39434d';
    const grid = { stroke: scheme === 'dark' ? '#29323a' : '#dde4e8', width: 1 };
    const axis: UPlot.Axis = { stroke: ink, grid, ticks: grid, font: '12px system-ui' };
    const hour = new Intl.DateTimeFormat(language, { weekday: 'short', hour: '2-digit' });
    const plot = new UPlot(
      {
        width,
        height: 180,
        cursor: { show: false },
        legend: { show: false },
        scales: { y: { range: (_self, _min, max) => [0, Math.max(1, (max ?? 0) * 1.1)] } },
        axes: [
          { ...axis, space: 90, values: (_plot, ticks) => ticks.map((tick) => hour.format(new Date(tick * 1000))) },
          { ...axis, size: 44 },
        ],
        series: [
          {},
          ...series.map(({ name }, index) => ({
            label: name,
            stroke: colours[scheme][index % 3]!,
            dash: [...dashes[index % 3]!],
            width: 2,
            points: { size: 4 },
          })),
        ],
      },
      [[...times], ...series.map(({ values }) => [...values])],
      ref.current,
    );
    return () => plot.destroy();
  }, [width, scheme, language, times, series]);
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
    </figure>
  );
}
