/** A rectangle in fractions of the network's input picture: 0 left or top edge, 1 right or bottom edge. */
export interface ActivationBox {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A cell belongs to a region if it has at least this part of the map's maximum (as fastai's and CheXNet's heat maps are cut). */
const regionThreshold = 0.5;

/**
 * The box around the strongest connected region of an activation map: the cells of at least half of the
 * maximum that are connected (also diagonally) with the cell of the maximum.
 *
 * @param map `height * width` values of 0 or more, row by row
 * @returns undefined where nothing is activated
 */
export function activationBox(map: Float32Array, width: number, height: number): ActivationBox | undefined {
  if (map.length !== width * height) throw new RangeError(`expected a map of ${width} × ${height}, found ${map.length} values`);
  let peak = 0;
  for (let cell = 1; cell < map.length; cell++) if (map[cell]! > map[peak]!) peak = cell;
  if (!(map[peak]! > 0)) return undefined;
  const cells = connectedCells(map, width, height, peak, map[peak]! * regionThreshold);
  const columns = cells.map((cell) => cell % width);
  const rows = cells.map((cell) => Math.floor(cell / width));
  return {
    left: Math.min(...columns) / width,
    top: Math.min(...rows) / height,
    right: (Math.max(...columns) + 1) / width,
    bottom: (Math.max(...rows) + 1) / height,
  };
}

/** Cells of at least `threshold` that can be reached from `start` over edges and corners. */
function connectedCells(map: Float32Array, width: number, height: number, start: number, threshold: number): readonly number[] {
  const seen = new Set([start]);
  const cells = [start];
  for (const cell of cells) {
    const column = cell % width;
    const row = Math.floor(cell / width);
    for (let y = Math.max(row - 1, 0); y <= Math.min(row + 1, height - 1); y++) {
      for (let x = Math.max(column - 1, 0); x <= Math.min(column + 1, width - 1); x++) {
        const neighbour = y * width + x;
        if (seen.has(neighbour) || map[neighbour]! < threshold) continue;
        seen.add(neighbour);
        cells.push(neighbour);
      }
    }
  }
  return cells;
}

/** One map out of a prediction's `activationMaps` (batch, output, map height, map width). */
export function activationMapOf(
  prediction: { readonly activationMaps: Float32Array; readonly outputs: number; readonly mapHeight: number; readonly mapWidth: number },
  image: number,
  output: number,
): Float32Array {
  const size = prediction.mapHeight * prediction.mapWidth;
  const start = (image * prediction.outputs + output) * size;
  return prediction.activationMaps.subarray(start, start + size);
}
