import { useCallback, type ReactNode } from 'react';
import { usePlot } from './use-plot.js';

export interface UnitPlotProps {
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
export function UnitPlot({ label, xLabel, yLabel, points, marks }: UnitPlotProps): ReactNode {
  const ref = usePlot(
    useCallback(
      ({ width, theme, axis }) => {
        const size = Math.min(width, 420);
        const ink = theme === 'dark' ? '#4acbbc' : '#0a6b60';
        return {
          options: {
            width: size,
            height: size,
            scales: { x: { time: false, range: [0, 1] }, y: { range: [0, 1] } },
            axes: [xLabel, yLabel].map((text) => ({ ...axis, label: text, size: 44 })),
            series: [
              {},
              { stroke: theme === 'dark' ? '#56616c' : '#9aa7b1', dash: [5, 5], width: 1, points: { show: false } },
              { stroke: ink, width: 2.5, points: { show: marks, size: 8, fill: ink } },
            ],
          },
          data: [points.map(([x]) => x), points.map(([x]) => x), points.map(([, y]) => y)],
        };
      },
      [points, xLabel, yLabel, marks],
    ),
  );
  return <div className="plot" ref={ref} role="img" aria-label={label} />;
}
