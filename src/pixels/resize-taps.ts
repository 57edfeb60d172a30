/** For each output pixel along one axis: which inputs, with which weights. */
export interface Taps {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  /** `size` weights a pixel, unused ones 0. */
  readonly weights: Float64Array;
  readonly size: number;
}

/** See registry/input-file.ts, where each is described with the function whose result it equals. */
export type ResizeFilter =
  | 'bilinear-antialias'
  | 'bicubic-antialias'
  | 'lanczos-antialias'
  | 'bilinear'
  | 'nearest'
  | 'area'
  | 'adaptive-mean'
  | 'gaussian-bilinear';

interface Kernel {
  /** Half its width where it does not shrink. */
  readonly support: number;
  readonly weight: (distance: number) => number;
}

/** libImaging/Resample.c of Pillow. */
const kernels: Readonly<Record<'bilinear-antialias' | 'bicubic-antialias' | 'lanczos-antialias', Kernel>> = {
  'bilinear-antialias': { support: 1, weight: (x) => (Math.abs(x) < 1 ? 1 - Math.abs(x) : 0) },
  'bicubic-antialias': {
    support: 2,
    weight: (given) => {
      const a = -0.5;
      const x = Math.abs(given);
      if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
    },
  },
  'lanczos-antialias': { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

/**
 * The weights that make `to` pixels of `from` pixels.
 *
 * @param mirror of `gaussian-bilinear`: the picture goes on mirrored beyond its edge; else nothing is there, and the weights at the
 *   edge add up to less than 1
 */
export function tapsFor(filter: ResizeFilter, from: number, to: number, mirror = false): Taps {
  switch (filter) {
    case 'bilinear-antialias':
    case 'bicubic-antialias':
    case 'lanczos-antialias':
      return antialiasedTaps(kernels[filter], from, to);
    case 'bilinear':
      return tapsOf(to, (i) => neighbours((i + 0.5) * (from / to) - 0.5, from));
    case 'nearest':
      return tapsOf(to, (i) => [[Math.min(from - 1, Math.floor(Math.fround(i * Math.fround(from / to)))), 1]]);
    case 'area':
      return tapsOf(to, from >= to ? (i) => covered(i, from, to) : (i) => enlargedArea(i, from, to));
    case 'adaptive-mean':
      return tapsOf(to, (i) => evenly(Math.floor((i * from) / to), Math.ceil(((i + 1) * from) / to)));
    case 'gaussian-bilinear':
      return blurredTaps(from, to, mirror);
  }
}

/** precompute_coeffs of libImaging/Resample.c: the kernel widens as the picture shrinks. */
function antialiasedTaps({ support: bare, weight }: Kernel, from: number, to: number): Taps {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const shrink = 1 / stretch;
  const support = bare * stretch;
  const size = Math.ceil(support) * 2 + 1;
  const taps = { starts: new Int32Array(to), counts: new Int32Array(to), weights: new Float64Array(to * size), size };
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const count = Math.min(from, Math.trunc(center + support + 0.5)) - start;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      const one = weight((k + start - center + 0.5) * shrink);
      taps.weights[i * size + k] = one;
      sum += one;
    }
    if (sum !== 0) for (let k = 0; k < count; k++) taps.weights[i * size + k]! /= sum;
    taps.starts[i] = start;
    taps.counts[i] = count;
  }
  return taps;
}

/** Place and weight of each input of one output pixel. */
type Places = readonly (readonly [number, number])[];

/** The two pixels around a place, which beyond the edge are the last one. */
function neighbours(place: number, from: number): Places {
  const within = Math.max(0, place);
  const first = Math.min(from - 1, Math.floor(within));
  const share = Math.min(1, within - first);
  return first === from - 1
    ? [[first, 1]]
    : [
        [first, 1 - share],
        [first + 1, share],
      ];
}

/** Each pixel by the share of it that the output pixel covers. */
function covered(i: number, from: number, to: number): Places {
  const [begin, end] = [(i * from) / to, Math.min(from, ((i + 1) * from) / to)];
  const places: (readonly [number, number])[] = [];
  for (let x = Math.floor(begin); x < end; x++) {
    const share = Math.min(end, x + 1) - Math.max(begin, x);
    if (share > 1e-9) places.push([x, share / (end - begin)]);
  }
  return places;
}

/** What `cv2.INTER_AREA` does where it enlarges. */
function enlargedArea(i: number, from: number, to: number): Places {
  const scale = from / to;
  const first = Math.floor(i * scale);
  const over = i + 1 - (first + 1) * (to / from);
  const share = over <= 0 ? 0 : over - Math.floor(over);
  return first + 1 >= from
    ? [[from - 1, 1]]
    : [
        [first, 1 - share],
        [first + 1, share],
      ];
}

function evenly(begin: number, end: number): Places {
  return Array.from({ length: end - begin }, (_, index) => [begin + index, 1 / (end - begin)] as const);
}

/** scipy's `gaussian_filter` (four standard deviations to each side), then linear interpolation. */
function blurredTaps(from: number, to: number, mirror: boolean): Taps {
  const deviation = Math.max(0, (from / to - 1) / 2);
  const radius = Math.trunc(4 * deviation + 0.5);
  const blur = Array.from({ length: 2 * radius + 1 }, (_, k) =>
    deviation === 0 ? 1 : Math.exp((-0.5 * (k - radius) ** 2) / deviation ** 2),
  );
  const total = blur.reduce((sum, one) => sum + one, 0);
  return tapsOf(to, (i) => {
    const place = (i + 0.5) * (from / to) - 0.5;
    const first = Math.floor(place);
    const sums = new Map<number, number>();
    for (const [at, share] of [
      [first, first + 1 - place],
      [first + 1, place - first],
    ] as const) {
      // beyond the edge interpolation meets the mirrored picture, or nothing
      const center = mirror ? reflected(at, from) : at;
      if (share === 0 || center < 0 || center >= from) continue;
      for (let k = -radius; k <= radius; k++) {
        const source = mirror ? reflected(center + k, from) : center + k;
        if (source >= 0 && source < from) sums.set(source, (sums.get(source) ?? 0) + (share * blur[k + radius]!) / total);
      }
    }
    return [...sums].sort(([one], [other]) => one - other);
  });
}

/** numpy's `reflect`: d c b | a b c d | c b a. */
function reflected(place: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const within = ((place % period) + period) % period;
  return within < size ? within : period - within;
}

function tapsOf(to: number, placesOf: (i: number) => Places): Taps {
  const all = Array.from({ length: to }, (_, i) => placesOf(i));
  const spans = all.map((places) => (places.length === 0 ? 0 : places.at(-1)![0] - places[0]![0] + 1));
  const size = Math.max(1, ...spans);
  const taps = { starts: new Int32Array(to), counts: Int32Array.from(spans), weights: new Float64Array(to * size), size };
  all.forEach((places, i) => {
    taps.starts[i] = places[0]?.[0] ?? 0;
    for (const [place, weight] of places) taps.weights[i * size + place - taps.starts[i]!]! += weight;
  });
  return taps;
}
