import 'uplot/dist/uPlot.min.css';
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import UPlot from 'uplot';
import { curveColours, type Figure } from '../figure-svg.js';
import { FigureDownloads } from './figure-downloads.js';

/** Curves over a common x axis, with a legend, and the figure to download. @param name of the downloaded files */
export function LinePlot({ figure, name }: { readonly figure: Figure; readonly name: string }): ReactNode {
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
    const axis = (label: string): UPlot.Axis => ({
      label,
      stroke: ink,
      grid,
      ticks: grid,
      labelSize: 22,
      size: 58,
      font: '12px system-ui',
      labelFont: '12px system-ui',
    });
    const plot = new UPlot(
      {
        width,
        height: 260,
        cursor: { show: false },
        legend: { show: false },
        scales: { x: { time: false } },
        axes: [axis(figure.xLabel), axis(figure.yLabel)],
        series: [
          {},
          ...figure.curves.map(({ marks = false }, index) => ({
            stroke: curveColours[index % curveColours.length]!,
            width: 2,
            spanGaps: true,
            points: { show: marks, size: 7, fill: curveColours[index % curveColours.length]! },
          })),
        ],
      },
      alignedOf(figure),
      ref.current,
    );
    return () => plot.destroy();
  }, [width, dark, figure]);
  const last = figure.curves.map(({ name: curve, points }) => `${curve} ${points.at(-1)?.[1].toFixed(3) ?? '–'}`).join(', ');
  return (
    <div>
      <div className="plot" ref={ref} role="img" aria-label={`${figure.title}: ${last}`} data-testid={`plot-${name}`} />
      <p className="legend">
        {figure.curves.map(({ name: curve }, index) => (
          <span key={curve}>
            <i style={{ background: curveColours[index % curveColours.length] }} /> {curve}
          </span>
        ))}
      </p>
      <FigureDownloads figure={figure} name={name} />
    </div>
  );
}

/** One column of x, and a column for each curve with null where it has no point. */
function alignedOf({ curves }: Figure): UPlot.AlignedData {
  const xs = [...new Set(curves.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);
  const columns = curves.map(({ points }) => {
    const values = new Map(points.map(([x, y]) => [x, y]));
    return xs.map((x) => values.get(x) ?? null);
  });
  return [xs, ...columns];
}
