import 'uplot/dist/uPlot.min.css';
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import UPlot from 'uplot';

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
