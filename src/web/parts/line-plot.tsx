import { useCallback, type ReactNode } from 'react';
import type UPlot from 'uplot';
import { curveColours, plotScales, type Figure } from '../figure-svg.js';
import { fixedText } from '../texts/numbers.js';
import { useTexts } from '../texts/texts.js';
import { FigureDownloads } from './figure-downloads.js';
import { usePlot } from './use-plot.js';

/** Curves over a common x axis, with a legend, and the figure to download. @param name of the downloaded files */
export function LinePlot({ figure, name }: { readonly figure: Figure; readonly name: string }): ReactNode {
  const { language } = useTexts();
  const ref = usePlot(
    useCallback(
      ({ width, axis }) => ({
        options: {
          width,
          height: 260,
          scales: plotScales(figure),
          axes: [figure.xLabel, figure.yLabel].map((label) => ({ ...axis, label, size: 58 })),
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
        data: alignedOf(figure),
      }),
      [figure],
    ),
  );
  const last = figure.curves.map(({ name: curve, points }) => `${curve} ${fixedText(points.at(-1)?.[1], 3, language)}`).join(', ');
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
