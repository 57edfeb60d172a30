/** A figure of the page as data: what is downloaded as JSON, and what the SVG is drawn of. */
export interface Figure {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly curves: readonly FigureCurve[];
  /** The axes' ends; without them those of the points. */
  readonly xRange?: readonly [number, number];
  readonly yRange?: readonly [number, number];
  /** x is seconds since 1970. */
  readonly xIsTime?: boolean;
}

export interface FigureCurve {
  readonly name: string;
  /** x rising; points that are not finite are left out. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Points are marked. */
  readonly marks?: boolean;
}

/** Distinguishable also without colour vision (Okabe & Ito, Color Universal Design). */
export const curveColours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'];

/** The ends of the axes as the plot on the page has them: those of the figure, else those of the points. */
export function plotScales({ xRange, yRange }: Pick<Figure, 'xRange' | 'yRange'>): {
  readonly x: { time: false; range?: [number, number] };
  readonly y: { range?: [number, number] };
} {
  return {
    x: { time: false, ...(xRange ? { range: [xRange[0], xRange[1]] } : {}) },
    y: yRange ? { range: [yRange[0], yRange[1]] } : {},
  };
}

const size = { width: 640, height: 400, left: 64, right: 16, top: 36, bottom: 84 };

/** A figure as an SVG file of its own, with axes, five ticks each and a legend. @param language of the numbers at the ticks */
export function figureSvg({ title, xLabel, yLabel, curves, xRange, yRange, xIsTime = false }: Figure, language = 'en'): string {
  const points = curves.flatMap((curve) => finite(curve.points));
  const [xLow, xHigh] = xRange ?? rangeOf(points.map(([x]) => x));
  const [yLow, yHigh] = yRange ?? rangeOf(points.map(([, y]) => y));
  const inner = { width: size.width - size.left - size.right, height: size.height - size.top - size.bottom };
  const px = (x: number): string => (size.left + ((x - xLow) / (xHigh - xLow)) * inner.width).toFixed(1);
  const py = (y: number): string => (size.top + (1 - (y - yLow) / (yHigh - yLow)) * inner.height).toFixed(1);
  const bottom = size.height - size.bottom;
  const ticks = [0, 0.25, 0.5, 0.75, 1]
    .map((share) => {
      const [x, y] = [xLow + share * (xHigh - xLow), yLow + share * (yHigh - yLow)];
      return `<path d="M${px(x)} ${bottom}V${size.top}M${size.left} ${py(y)}H${size.width - size.right}" stroke="#ddd"/><text x="${px(x)}" y="${bottom + 18}" text-anchor="middle">${xIsTime ? timeText(x, language) : tickText(x, language)}</text><text x="${size.left - 8}" y="${Number(py(y)) + 4}" text-anchor="end">${tickText(y, language)}</text>`;
    })
    .join('');
  const lines = curves
    .map(({ points: all, marks }, index) => {
      const colour = curveColours[index % curveColours.length]!;
      const shown = finite(all);
      const line = `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${shown.map(([x, y]) => `${px(x)},${py(y)}`).join(' ')}"/>`;
      return marks ? line + shown.map(([x, y]) => `<circle cx="${px(x)}" cy="${py(y)}" r="3.5" fill="${colour}"/>`).join('') : line;
    })
    .join('');
  const legend = curves
    .map(({ name }, index) => {
      const x = size.left + (index % 2) * (inner.width / 2);
      const y = size.height - 24 + Math.floor(index / 2) * 16;
      return `<rect x="${x}" y="${y - 10}" width="12" height="12" fill="${curveColours[index % curveColours.length]}"/><text x="${x + 18}" y="${y}">${escaped(name)}</text>`;
    })
    .join('');
  const height = size.height + Math.max(0, Math.ceil(curves.length / 2) - 1) * 16;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${height}" viewBox="0 0 ${size.width} ${height}" font-family="sans-serif" font-size="13" fill="#222"><rect width="100%" height="100%" fill="#fff"/><text x="${size.width / 2}" y="22" text-anchor="middle" font-size="16">${escaped(title)}</text>${ticks}<path d="M${size.left} ${size.top}V${bottom}H${size.width - size.right}" fill="none" stroke="#222"/>${lines}<text x="${size.left + inner.width / 2}" y="${bottom + 40}" text-anchor="middle">${escaped(xLabel)}</text><text transform="translate(16 ${size.top + inner.height / 2}) rotate(-90)" text-anchor="middle">${escaped(yLabel)}</text>${legend}</svg>\n`;
}

function finite(points: FigureCurve['points']): FigureCurve['points'] {
  return points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
}

/** Never of no width. */
function rangeOf(values: readonly number[]): readonly [number, number] {
  const low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  if (!Number.isFinite(low)) return [0, 1];
  return high > low ? [low, high] : [low - 0.5, high + 0.5];
}

function tickText(value: number, language: string): string {
  return new Intl.NumberFormat(language, { maximumSignificantDigits: 3, useGrouping: false }).format(value);
}

function timeText(seconds: number, language: string): string {
  const { format } = new Intl.DateTimeFormat(language, { weekday: 'short', hour: '2-digit', minute: '2-digit' });
  return escaped(format(new Date(seconds * 1000)));
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign]!);
}
