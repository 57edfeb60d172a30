import { decidingNumberOf, notANumber, numberOf, numbersOf, placedNumbersOf, textsOf } from '../../dicom/data-set.js';
import type { DataSet } from '../../dicom/data-set.js';
import type { Box } from '../image.js';

/** What header attributes leave of a frame. */
export interface VisibleRegion {
  /** Around everything visible, in stored pixels. */
  readonly box: Box;
  /** Row-major, of the whole frame: 1 where a pixel is covered. */
  readonly covered: Uint8Array;
}

/** A smaller region than this share of the frame is a wrong header, not a picture. */
const minVisible = 0.1;

/**
 * The part of a frame that neither the Display Shutter (PS3.3 §C.7.6.11, with a bitmap §C.7.6.15) nor the X-Ray Collimator
 * (§C.8.7.3) covers. Several shapes act together: what is visible lies inside all of them. Edges and vertices count as visible.
 *
 * @throws Fault dicom-attribute for a shape with something that is no number
 * @returns undefined if nothing is covered, or if next to nothing would stay: then the attributes are not believed
 */
export function visibleRegion(
  dataSet: DataSet,
  { rows, columns }: { readonly rows: number; readonly columns: number },
): VisibleRegion | undefined {
  if (!dataSet['ShutterShape'] && !dataSet['CollimatorShape']) return undefined;
  const covered = new Uint8Array(rows * columns);
  let shapes = 0;
  for (const noun of ['Shutter', 'Collimator'] as const) {
    for (const shape of textsOf(dataSet, `${noun}Shape`).map((text) => text.toUpperCase())) {
      const spans =
        shape === 'RECTANGULAR'
          ? rectangle(dataSet, noun)
          : shape === 'CIRCULAR'
            ? circle(dataSet, noun)
            : shape === 'POLYGONAL'
              ? polygon(dataSet, noun)
              : undefined;
      if (spans) coverOutside(covered, rows, columns, spans);
      else if (shape === 'BITMAP') coverByOverlay(covered, rows, columns, dataSet);
      else continue;
      shapes++;
    }
  }
  if (shapes === 0) return undefined;
  const box = boxOf(covered, rows, columns);
  const visible = covered.reduce((sum, one) => sum + 1 - one, 0);
  return box && visible >= minVisible * covered.length && visible < covered.length ? { box, covered } : undefined;
}

/** Columns of a row that are visible: from, to (exclusive), from, to, … Row and columns counted from 0. */
type Spans = (row: number) => readonly number[];

function rectangle(dataSet: DataSet, noun: 'Shutter' | 'Collimator'): Spans | undefined {
  const edge = (name: string): number | undefined => decidingNumberOf(dataSet, `${noun}${name}Edge`);
  const [left, right, upper, lower] = [edge('LeftVertical'), edge('RightVertical'), edge('UpperHorizontal'), edge('LowerHorizontal')];
  if (left === undefined || right === undefined || upper === undefined || lower === undefined || left >= right || upper >= lower)
    return undefined;
  return (row) => (row + 1 >= upper && row + 1 <= lower ? [left - 1, right] : []);
}

function circle(dataSet: DataSet, noun: 'Shutter' | 'Collimator'): Spans | undefined {
  const [centerRow, centerColumn] = decidingNumbersOf(dataSet, `CenterOfCircular${noun}`);
  const radius = decidingNumberOf(dataSet, `RadiusOfCircular${noun}`);
  if (centerRow === undefined || centerColumn === undefined || radius === undefined || !(radius > 0)) return undefined;
  return (row) => {
    const half = Math.sqrt(radius ** 2 - (row + 1 - centerRow) ** 2);
    return half >= 0 ? [Math.ceil(centerColumn - half) - 1, Math.floor(centerColumn + half)] : [];
  };
}

/** @throws Fault dicom-attribute if one is no number */
function decidingNumbersOf(dataSet: DataSet, keyword: string): readonly number[] {
  if (placedNumbersOf(dataSet, keyword).some(Number.isNaN)) throw notANumber(dataSet, keyword);
  return numbersOf(dataSet, keyword);
}

/** Vertices as row\column pairs; the crossings of each row, by the even-odd rule. */
function polygon(dataSet: DataSet, noun: 'Shutter' | 'Collimator'): Spans | undefined {
  const numbers = decidingNumbersOf(dataSet, `VerticesOfThePolygonal${noun}`);
  const vertices = Array.from({ length: numbers.length >> 1 }, (_, i) => [numbers[2 * i]!, numbers[2 * i + 1]!] as const);
  if (vertices.length < 3) return undefined;
  const lowest = Math.max(...vertices.map(([y]) => y));
  return (row) => {
    const y = row + 1;
    const crossings = vertices
      .flatMap(([y1, x1], i) => {
        const [y2, x2] = vertices[(i + 1) % vertices.length]!;
        // The lower end belongs to the next edge, except in the last row, which has none.
        const crosses = Math.min(y1, y2) <= y && (y < Math.max(y1, y2) || (y === Math.max(y1, y2) && y === lowest));
        return crosses && y1 !== y2 ? [x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)] : [];
      })
      .sort((a, b) => a - b);
    return crossings.map((x, i) => (i % 2 === 0 ? Math.ceil(x - 1e-9) - 1 : Math.floor(x + 1e-9)));
  };
}

function coverOutside(covered: Uint8Array, rows: number, columns: number, spans: Spans): void {
  for (let row = 0; row < rows; row++) {
    let from = row * columns;
    const visible = spans(row);
    for (let i = 0; i + 1 < visible.length; i += 2) {
      const start = row * columns + Math.min(columns, Math.max(0, visible[i]!));
      if (start > from) covered.fill(1, from, start);
      from = Math.max(from, row * columns + Math.min(columns, Math.max(0, visible[i + 1]!)));
    }
    covered.fill(1, from, (row + 1) * columns);
  }
}

/** The overlay plane that Shutter Overlay Group names: 1 covers. */
function coverByOverlay(covered: Uint8Array, rows: number, columns: number, dataSet: DataSet): void {
  const group = (numberOf(dataSet, 'ShutterOverlayGroup') ?? 0).toString(16).toUpperCase();
  const values = (element: string): readonly number[] => numbersOf(dataSet, `${group}${element}`);
  const data = dataSet[`${group}3000`];
  const [overlayRows] = values('0010');
  const [overlayColumns] = values('0011');
  const [top, left] = values('0050');
  if (!(data instanceof Uint8Array) || !overlayRows || !overlayColumns || data.length * 8 < overlayRows * overlayColumns) return;
  for (let i = 0; i < overlayRows * overlayColumns; i++) {
    if (((data[i >> 3]! >> (i & 7)) & 1) === 0) continue;
    const y = Math.floor(i / overlayColumns) + (top ?? 1) - 1;
    const x = (i % overlayColumns) + (left ?? 1) - 1;
    if (y >= 0 && y < rows && x >= 0 && x < columns) covered[y * columns + x] = 1;
  }
}

function boxOf(covered: Uint8Array, rows: number, columns: number): Box | undefined {
  let [left, top, right, bottom] = [columns, rows, 0, 0];
  for (let y = 0; y < rows; y++) {
    const line = covered.subarray(y * columns, (y + 1) * columns);
    const first = line.indexOf(0);
    if (first < 0) continue;
    [left, right, top, bottom] = [Math.min(left, first), Math.max(right, line.lastIndexOf(0) + 1), Math.min(top, y), y + 1];
  }
  return right > left ? { left, top, right, bottom } : undefined;
}
