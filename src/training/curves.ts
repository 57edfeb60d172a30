import sharp from 'sharp';
import { trimmed, type RateLoss, type RateSuggestions } from './lr-finder.js';
import type { EpochEntry, LogEntry, StepEntry } from './training-log.js';

const size = { width: 900, height: 480, left: 64, right: 20, top: 40, bottom: 56 };

interface Curve {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly (readonly [number, number])[];
}

interface Plot {
  readonly title: string;
  readonly horizontal: string;
  readonly vertical: string;
  readonly curves: readonly Curve[];
  readonly marks?: readonly { readonly x: number; readonly y: number; readonly name: string; readonly colour: string }[];
  readonly logarithmic?: boolean;
}

/** Loss of training (smoothed) and validation over the batches, fastai's `recorder.plot_losses`. @returns PNG */
export function drawLossCurves(entries: readonly LogEntry[]): Promise<Buffer> {
  const steps = entries.filter((entry): entry is StepEntry => entry.kind === 'step');
  const placeAfter = ({ stage, epoch }: EpochEntry): number =>
    steps.filter((step) => step.stage < stage || (step.stage === stage && step.epoch <= epoch)).length;
  const epochs = entries.filter((entry): entry is EpochEntry => entry.kind === 'epoch');
  return draw({
    title: 'Loss',
    horizontal: 'batches',
    vertical: 'loss',
    curves: [
      { name: 'training, smoothed', colour: '#1565c0', points: steps.map(({ smoothedLoss }, index) => [index + 1, smoothedLoss]) },
      { name: 'validation', colour: '#ef6c00', points: epochs.map((entry) => [placeAfter(entry), entry.validationLoss]) },
    ],
  });
}

/** Smoothed loss over the rate, with the suggestions: fastai's `recorder.plot(suggestion=True)`. @returns PNG */
export function drawRateSearch(found: readonly RateLoss[], suggestions: RateSuggestions | undefined): Promise<Buffer> {
  const shown = trimmed(found);
  const lossAt = (rate: number): number => shown.find(({ learningRate }) => learningRate >= rate * (1 - 1e-9))?.loss ?? NaN;
  const marks = suggestions
    ? [
        {
          name: `steepest ${suggestions.steepest.toExponential(1)}`,
          x: suggestions.steepest,
          y: lossAt(suggestions.steepest),
          colour: '#c62828',
        },
        { name: `valley ${suggestions.valley.toExponential(1)}`, x: suggestions.valley, y: lossAt(suggestions.valley), colour: '#2e7d32' },
      ]
    : [];
  return draw({
    title: 'Search for a learning rate',
    horizontal: 'learning rate',
    vertical: 'loss, smoothed',
    curves: [{ name: 'loss', colour: '#1565c0', points: shown.map(({ learningRate, loss }) => [learningRate, loss]) }],
    marks,
    logarithmic: true,
  });
}

async function draw(plot: Plot): Promise<Buffer> {
  return sharp(Buffer.from(svgOf(plot)))
    .flatten({ background: '#ffffff' })
    .png()
    .toBuffer();
}

function svgOf({ title, horizontal, vertical, curves, marks = [], logarithmic = false }: Plot): string {
  const across = (x: number): number => (logarithmic ? Math.log10(x) : x);
  const points = curves.flatMap((curve) => curve.points).filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  const xs = rangeOf(points.map(([x]) => across(x)));
  const ys = rangeOf(points.map(([, y]) => y));
  const inner = { width: size.width - size.left - size.right, height: size.height - size.top - size.bottom };
  const px = (x: number): number => size.left + ((across(x) - xs.low) / (xs.high - xs.low)) * inner.width;
  const py = (y: number): number => size.top + (1 - (y - ys.low) / (ys.high - ys.low)) * inner.height;
  const line = ({ points: all, colour }: Curve): string =>
    `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${all
      .filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y))
      .map(([x, y]) => `${px(x).toFixed(1)},${py(y).toFixed(1)}`)
      .join(
        ' ',
      )}"/>${all.length <= 60 ? all.map(([x, y]) => `<circle cx="${px(x).toFixed(1)}" cy="${py(y).toFixed(1)}" r="2.5" fill="${colour}"/>`).join('') : ''}`;
  const xTicks = logarithmic ? powersOfTen(xs) : ticks(xs).map((value) => ({ value, at: value, text: String(value) }));
  const legend = [...curves.map(({ name, colour }) => ({ name, colour })), ...marks.map(({ name, colour }) => ({ name, colour }))];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" font-family="sans-serif" font-size="13" fill="#222">
<text x="${size.width / 2}" y="24" text-anchor="middle" font-size="16">${title}</text>
${ticks(ys)
  .map(
    (y) =>
      `<line x1="${size.left}" x2="${size.width - size.right}" y1="${py(y)}" y2="${py(y)}" stroke="#ddd"/><text x="${size.left - 8}" y="${py(y) + 4}" text-anchor="end">${Number(y.toPrecision(4))}</text>`,
  )
  .join('')}
${xTicks.map(({ value, text }) => `<line x1="${px(value)}" x2="${px(value)}" y1="${size.height - size.bottom}" y2="${size.height - size.bottom + 5}" stroke="#222"/><text x="${px(value)}" y="${size.height - size.bottom + 20}" text-anchor="middle">${text}</text>`).join('')}
<path d="M${size.left} ${size.top}V${size.height - size.bottom}H${size.width - size.right}" fill="none" stroke="#222"/>
${curves.map(line).join('')}
${marks
  .filter(({ y }) => Number.isFinite(y))
  .map(({ x, y, colour }) => `<circle cx="${px(x)}" cy="${py(y)}" r="6" fill="${colour}"/>`)
  .join('')}
<text x="${size.left + inner.width / 2}" y="${size.height - 12}" text-anchor="middle">${horizontal}</text>
<text transform="translate(16 ${size.top + inner.height / 2}) rotate(-90)" text-anchor="middle">${vertical}</text>
${legend.map(({ name, colour }, index) => `<rect x="${size.width - 220}" y="${size.top + 8 + index * 20}" width="12" height="12" fill="${colour}"/><text x="${size.width - 202}" y="${size.top + 19 + index * 20}">${name}</text>`).join('')}
</svg>`;
}

interface Range {
  readonly low: number;
  readonly high: number;
}

function rangeOf(values: readonly number[]): Range {
  const low = values.reduce((least, value) => Math.min(least, value), Infinity);
  const high = values.reduce((most, value) => Math.max(most, value), -Infinity);
  if (!Number.isFinite(low)) return { low: 0, high: 1 };
  const margin = (high - low) * 0.05 || Math.abs(high) * 0.05 || 1;
  return { low: low - margin, high: high + margin };
}

/** About five round numbers within a range. */
function ticks({ low, high }: Range): readonly number[] {
  const rough = (high - low) / 5;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * unit).find((one) => one >= rough)!;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.max(0, Math.floor(high / step) - first + 1) }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  );
}

function powersOfTen({ low, high }: Range): readonly { readonly value: number; readonly text: string }[] {
  return Array.from({ length: Math.max(0, Math.floor(high) - Math.ceil(low) + 1) }, (_, index) => Math.ceil(low) + index).map((power) => ({
    value: 10 ** power,
    text: `1e${power}`,
  }));
}
