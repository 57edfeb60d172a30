/** A picture in the making: row-major floats with their place in the plane of projection, in millimetres. */
export interface Grid {
  readonly width: number;
  readonly height: number;
  readonly mmPerPixel: number;
  /** Place of the centre of the first pixel. */
  readonly left: number;
  readonly top: number;
  readonly values: Float32Array;
}

export function makeGrid(
  width: number,
  height: number,
  mmPerPixel: number,
  centre: { readonly x: number; readonly y: number } = { x: 0, y: 0 },
): Grid {
  return {
    width,
    height,
    mmPerPixel,
    left: centre.x - ((width - 1) / 2) * mmPerPixel,
    top: centre.y - ((height - 1) / 2) * mmPerPixel,
    values: new Float32Array(width * height),
  };
}

/** Bilinear, pixel centres aligned at the outer edges of both pictures. */
export function resized(grid: Grid, width: number, height: number): Grid {
  const mmPerPixel = (grid.mmPerPixel * grid.width) / width;
  const half = (mmPerPixel - grid.mmPerPixel) / 2;
  const out: Grid = { width, height, mmPerPixel, left: grid.left + half, top: grid.top + half, values: new Float32Array(width * height) };
  const across = sampling(grid.width, width),
    down = sampling(grid.height, height);
  for (let y = 0; y < height; y++) {
    const upper = down.from[y]! * grid.width,
      lower = Math.min(down.from[y]! + 1, grid.height - 1) * grid.width,
      v = down.part[y]!;
    for (let x = 0, at = y * width; x < width; x++, at++) {
      const i = across.from[x]!,
        j = Math.min(i + 1, grid.width - 1),
        u = across.part[x]!;
      const a = grid.values[upper + i]! * (1 - u) + grid.values[upper + j]! * u;
      const b = grid.values[lower + i]! * (1 - u) + grid.values[lower + j]! * u;
      out.values[at] = a * (1 - v) + b * v;
    }
  }
  return out;
}

function sampling(from: number, to: number): { from: Int32Array; part: Float32Array } {
  const result = { from: new Int32Array(to), part: new Float32Array(to) };
  for (let index = 0; index < to; index++) {
    const at = Math.min(from - 1, Math.max(0, ((index + 0.5) * from) / to - 0.5));
    result.from[index] = Math.floor(at);
    result.part[index] = at - Math.floor(at);
  }
  return result;
}

/** Three box filters, which together are nearly a Gaussian of this standard deviation; edges are continued. */
export function blurred(grid: Grid, sigmaMm: number): Grid {
  const sigma = sigmaMm / grid.mmPerPixel;
  // A wide blur needs no fine grid: a fifth of its width is plenty, and 50 times quicker.
  const shrink = Math.floor(sigma / 5);
  if (shrink >= 2) {
    const small = blurred(shrunk(grid, shrink), sigmaMm);
    return resized(small, grid.width, grid.height);
  }
  const radius = Math.round((Math.sqrt(4 * sigma * sigma + 1) - 1) / 2);
  if (radius < 1) return grid;
  const values = Float32Array.from(grid.values);
  for (let pass = 0; pass < 3; pass++) {
    for (let y = 0; y < grid.height; y++) boxFilter(values, y * grid.width, 1, grid.width, radius);
    for (let x = 0; x < grid.width; x++) boxFilter(values, x, grid.width, grid.height, radius);
  }
  return { ...grid, values };
}

function shrunk(grid: Grid, factor: number): Grid {
  const width = Math.max(1, Math.ceil(grid.width / factor)),
    height = Math.max(1, Math.ceil(grid.height / factor));
  const small = makeGrid(width, height, (grid.mmPerPixel * grid.width) / width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0,
        count = 0;
      for (let j = Math.floor((y * grid.height) / height); j < ((y + 1) * grid.height) / height; j += 2) {
        for (let i = Math.floor((x * grid.width) / width); i < ((x + 1) * grid.width) / width; i += 2)
          (sum += grid.values[j * grid.width + i]!), count++;
      }
      small.values[y * width + x] = sum / count;
    }
  }
  return small;
}

let line = new Float32Array(0);

function boxFilter(values: Float32Array, start: number, step: number, count: number, radius: number): void {
  if (line.length < count) line = new Float32Array(count);
  for (let index = 0; index < count; index++) line[index] = values[start + index * step]!;
  const first = line[0]!,
    final = line[count - 1]!;
  const at = (index: number) => (index < 0 ? first : index >= count ? final : line[index]!);
  let sum = 0;
  for (let index = -radius; index <= radius; index++) sum += at(index);
  const scale = 1 / (2 * radius + 1);
  for (let index = 0; index < count; index++) {
    values[start + index * step] = sum * scale;
    sum += at(index + radius + 1) - at(index - radius);
  }
}
