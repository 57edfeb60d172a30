import type { ReliabilityBin } from '../metrics/calibration.js';
import type { ConfusionMatrix } from '../metrics/confusion.js';
import { escaped } from './html.js';

/** Plots as SVG, drawn by hand: a report must open in twenty years without a library from anywhere. */

const side = 300;
const left = 46;
const top = 14;
const size = { width: left + side + 14, height: top + side + 44 };
/** Distinguishable also without colour vision (Okabe & Ito). */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'];

export function colourOf(index: number): string {
  return colours[index % colours.length]!;
}

const x = (value: number): string => (left + value * side).toFixed(1);
const y = (value: number): string => (top + (1 - value) * side).toFixed(1);

function frame(title: string, across: string, up: string, content: string): string {
  const ticks = [0, 0.2, 0.4, 0.6, 0.8, 1]
    .map(
      (tick) =>
        `<path class="grid" d="M${x(tick)} ${y(0)}V${y(1)}M${x(0)} ${y(tick)}H${x(1)}"/><text x="${x(tick)}" y="${top + side + 16}" text-anchor="middle">${tick}</text><text x="${left - 6}" y="${Number(y(tick)) + 4}" text-anchor="end">${tick}</text>`,
    )
    .join('');
  return `<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${escaped(title)}">${ticks}<path class="chance" d="M${x(0)} ${y(0)}L${x(1)} ${y(1)}"/>${content}<text x="${left + side / 2}" y="${size.height - 8}" text-anchor="middle">${escaped(across)}</text><text transform="translate(12 ${top + side / 2}) rotate(-90)" text-anchor="middle">${escaped(up)}</text></svg>`;
}

export interface NamedCurve {
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
  /** Where the model's threshold lies, if it is known. */
  readonly mark?: readonly [number, number] | undefined;
}

export function rocPlot(curves: readonly NamedCurve[]): string {
  const lines = curves
    .map(({ points, mark }, index) => {
      const path = points.map(([across, up], place) => `${place === 0 ? 'M' : 'L'}${x(across)} ${y(up)}`).join('');
      const dot = mark ? `<circle cx="${x(mark[0])}" cy="${y(mark[1])}" r="5" fill="${colourOf(index)}" stroke="#fff"/>` : '';
      return `<path d="${path}" fill="none" stroke="${colourOf(index)}" stroke-width="2"/>${dot}`;
    })
    .join('');
  return frame('ROC curve', 'false alarms: 1 − specificity', 'found: sensitivity', lines);
}

/** Predicted probability against observed share; the area of a dot grows with the number of images in the bin. */
export function reliabilityPlot(curves: readonly { readonly name: string; readonly bins: readonly ReliabilityBin[] }[]): string {
  const dots = curves
    .map(({ bins }, index) => {
      const filled = bins.filter(({ count }) => count > 0);
      const most = Math.max(1, ...filled.map(({ count }) => count));
      const path = filled.map(({ meanScore, observed }, place) => `${place === 0 ? 'M' : 'L'}${x(meanScore!)} ${y(observed!)}`).join('');
      const circles = filled
        .map(
          ({ meanScore, observed, count }) =>
            `<circle cx="${x(meanScore!)}" cy="${y(observed!)}" r="${(2 + 7 * Math.sqrt(count / most)).toFixed(1)}" fill="${colourOf(index)}" fill-opacity=".55"><title>${count} images: predicted ${meanScore!.toFixed(2)}, observed ${observed!.toFixed(2)}</title></circle>`,
        )
        .join('');
      return `<path d="${path}" fill="none" stroke="${colourOf(index)}" stroke-width="1.5"/>${circles}`;
    })
    .join('');
  return frame('Reliability', 'predicted probability', 'observed share of images', dots);
}

/** Links below a plot: the plot as an SVG file of its own, and its numbers as JSON. Both are in the page itself. @param name of the files */
export function plotDownloads(name: string, svg: string, data: unknown): string {
  const style =
    '<style>svg{font:12px sans-serif;background:#fff}text{fill:#57606a}.grid{stroke:#d0d7de;stroke-width:.5}.chance{stroke:#57606a;stroke-dasharray:4 4}</style>';
  const alone = svg.replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ').replace('>', `>${style}`);
  const link = (ending: string, type: string, content: string): string =>
    `<a download="${name}.${ending}" href="data:${type},${encodeURIComponent(content)}">${ending.toUpperCase()}</a>`;
  return `<p class="soft">${link('svg', 'image/svg+xml', alone)} · ${link('json', 'application/json', JSON.stringify(data))}</p>`;
}

/** Rows are what was, columns what was called; shade by the share of the row. */
export function confusionTable(matrix: ConfusionMatrix, names: readonly string[]): string {
  const rows = matrix.map((row, actual) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    const cells = row.map((count, predicted) => {
      const share = total === 0 ? 0 : count / total;
      const hue = actual === predicted ? '0,114,178' : '213,94,0';
      return `<td style="background:rgba(${hue},${(share * 0.75).toFixed(3)})"><b>${count}</b><small>${total === 0 ? '' : `${Math.round(share * 100)} %`}</small></td>`;
    });
    return `<tr><th scope="row">${escaped(names[actual]!)}</th>${cells.join('')}</tr>`;
  });
  return `<div class="scroll"><table class="confusion"><thead><tr><td class="corner">was ↓ called →</td>${names.map((name) => `<th scope="col">${escaped(name)}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

export function legend(names: readonly string[]): string {
  return `<p class="legend">${names.map((name, index) => `<span><i style="background:${colourOf(index)}"></i>${name}</span>`).join('')}</p>`;
}
