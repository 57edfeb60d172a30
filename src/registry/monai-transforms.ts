import type { InputSpecification } from './input-file.js';

/** One entry of a bundle's `preprocessing.transforms`. */
export type BundleTransform = Readonly<Record<string, unknown>>;

export interface BundlePreprocessing {
  readonly input: Omit<InputSpecification, 'channels'>;
  /** Whether the network sees pictures with rows and columns exchanged, as MONAI's readers of pictures load them. */
  readonly transposed: boolean;
  readonly messages: readonly string[];
}

/** Transforms that do nothing to the values of a picture that this program has read. */
const withoutEffect: ReadonlySet<string> = new Set([
  'EnsureChannelFirst',
  'EnsureType',
  'ToTensor',
  'CastToType',
  'Identity',
  'SelectItems',
  'DeleteItems',
  'ToDevice',
  'AsChannelFirst',
  'AddChannel',
  'RepeatChannel',
]);
const threeDimensional: ReadonlySet<string> = new Set([
  'Orientation',
  'Spacing',
  'SpatialResample',
  'ResampleToMatch',
  'CropForeground',
  'RandSpatialCrop',
]);

/** What has been done to the values so far: `scale · grey + shift` with grey 0 to 1, or the picture's own range. */
interface State {
  side: { width: number; height: number; filter: InputSpecification['resize'] } | undefined;
  normalization: InputSpecification['normalization'] | undefined;
  window: InputSpecification['window'];
  transposed: boolean;
  readonly messages: string[];
}

/**
 * A bundle's preprocessing as data.
 *
 * @param value of a parameter that is a reference, resolved by the caller
 * @throws Error naming the transform that has no counterpart, and why
 */
export function readTransforms(transforms: readonly BundleTransform[]): BundlePreprocessing {
  const state: State = { side: undefined, normalization: undefined, window: undefined, transposed: false, messages: [] };
  for (const [index, transform] of transforms.entries()) {
    const full = String(transform['_target_'] ?? '');
    const name = (full.split('.').at(-1) ?? '').replace(/(?:d|D|Dict)$/, '');
    const refuse = (reason: string): never => {
      throw new Error(`preprocessing, transform ${index + 1}, ${full || 'without _target_'}: ${reason}`);
    };
    for (const [key, value] of Object.entries(transform))
      if (key !== '_target_' && typeof value === 'string' && value.startsWith('$') && !(name in harmlessWithCode))
        refuse(`expected a value of ${key}, found the Python expression ${value.slice(0, 60)}; write its value into the bundle`);
    if (withoutEffect.has(name)) continue;
    if (threeDimensional.has(name)) refuse('it is for volumes; only networks for single pictures are adopted');
    const apply = readers[name];
    if (!apply) refuse('it has no counterpart here; give the preprocessing with --preset or by options, or export the network as ONNX');
    apply!(transform, state, refuse);
  }
  const { side, normalization, window, transposed, messages } = state;
  if (!side) throw new Error('preprocessing: expected Resize to a fixed size, found none; write it into the bundle');
  return {
    input: {
      width: side.width,
      height: side.height,
      resize: side.filter,
      // pictures of 8 bits as they are read
      normalization: normalization ?? { range: [0, 255] },
      ...(window ? { window } : {}),
    },
    transposed,
    messages,
  };
}

const harmlessWithCode: Readonly<Record<string, true>> = { EnsureType: true, ToDevice: true, CastToType: true };

type Reader = (transform: BundleTransform, state: State, refuse: (reason: string) => never) => void;

const readers: Readonly<Record<string, Reader>> = {
  LoadImage: (_, state) => {
    // monai/data/image_reader.py: PILReader and ITKReader yield columns before rows
    state.transposed = !state.transposed;
  },
  Transpose: ({ indices }, state, refuse) => {
    if (Array.isArray(indices) && indices.join() === '0,2,1') state.transposed = !state.transposed;
    else refuse(`expected the indices 0, 2, 1, found ${JSON.stringify(indices)}`);
  },
  Resize: (
    { spatial_size: size, mode = 'area', size_mode: sizeMode = 'all', anti_aliasing: antiAliasing = false, align_corners: corners },
    state,
    refuse,
  ) => {
    const sides = Array.isArray(size) ? size.map(Number) : [Number(size), Number(size)];
    if (sides.length === 3) refuse('it is for volumes; only networks for single pictures are adopted');
    if (sizeMode !== 'all') refuse(`expected size_mode all, found ${String(sizeMode)}`);
    if (sides.length !== 2 || sides.some((side) => !Number.isInteger(side) || side < 16 || side > 4096))
      refuse(`expected a spatial_size of two sides of 16 to 4096, found ${JSON.stringify(size)}`);
    const filters: Readonly<Record<string, InputSpecification['resize']>> = {
      area: 'adaptive-mean',
      bilinear: 'bilinear',
      nearest: 'nearest',
    };
    const filter = filters[String(mode).toLowerCase()];
    if (!filter || antiAliasing === true || corners === true)
      refuse(`expected mode area, bilinear or nearest without anti_aliasing and align_corners, found ${String(mode)}`);
    // the first axis of the loaded picture is its columns
    const [first, second] = sides as [number, number];
    const [width, height] = state.transposed ? [first, second] : [second, first];
    state.side = { width, height, filter: filter! };
  },
  ScaleIntensity: ({ minv = 0, maxv = 1, factor, channel_wise: channelWise = false }, state, refuse) => {
    if (factor !== undefined && factor !== null) refuse(`expected minv and maxv, found factor ${String(factor)}`);
    if (channelWise === true) state.messages.push('ScaleIntensity channel by channel is the same for grey pictures.');
    const range = [Number(minv), Number(maxv)] as const;
    if (!(range[0] < range[1])) refuse(`expected minv below maxv, found ${String(minv)} and ${String(maxv)}`);
    if (state.normalization) refuse('it follows another scaling of the values');
    if (!state.side)
      state.messages.push(
        "ScaleIntensity stands before Resize in the bundle; here the range is the resized picture's, which can be narrower.",
      );
    state.normalization = { imageRange: range };
  },
  ScaleIntensityRange: ({ a_min: aMin, a_max: aMax, b_min: bMin = 0, b_max: bMax = 1, clip = false }, state, refuse) => {
    const [from, to, low, high] = [aMin, aMax, bMin, bMax].map(Number) as [number, number, number, number];
    if (![from, to, low, high].every(Number.isFinite) || from >= to || low >= high)
      refuse(`expected a_min < a_max and b_min < b_max, found ${JSON.stringify([aMin, aMax, bMin, bMax])}`);
    if (state.normalization) refuse('it follows another scaling of the values');
    if (from < 0 || to > 255) {
      // Hounsfield units
      if (clip !== true) refuse('expected clip true for Hounsfield units, found values that go beyond the window');
      state.window = { center: (from + to) / 2, width: to - from };
      state.normalization = { range: [low, high] };
      return;
    }
    if (clip === true && (from > 0 || to < 255))
      refuse('expected the range 0 to 255 of a picture of 8 bits, found a narrower one that is clipped');
    const value = (grey: number): number => low + ((grey - from) / (to - from)) * (high - low);
    state.normalization = { range: [value(0), value(255)] };
  },
  NormalizeIntensity: ({ subtrahend, divisor, nonzero = false }, state, refuse) => {
    if (nonzero === true) refuse('expected nonzero false, found true: the mean of a part of the picture has no counterpart here');
    if ((subtrahend ?? null) === null && (divisor ?? null) === null) {
      // a shift and a scale before it change nothing
      state.normalization = 'per-image';
      return;
    }
    const [mean, std] = [subtrahend ?? 0, divisor ?? 1].map((value) => (Array.isArray(value) ? value.map(Number) : [Number(value)]));
    if (![...mean!, ...std!].every(Number.isFinite) || std!.some((value) => value <= 0))
      refuse('expected numbers as subtrahend and divisor, found something else');
    const scale = scaleBefore(state.normalization);
    if (scale === undefined) refuse('expected picture values of 0 to 1 or 0 to 255 before it, found others');
    state.normalization = { mean: mean!, std: std!, scale: scale! };
  },
};

/** Only plain scales come before a mean and a deviation. */
function scaleBefore(normalization: State['normalization']): 1 | 255 | undefined {
  if (normalization === undefined) return 255;
  if (typeof normalization !== 'object' || !('range' in normalization) || normalization.range[0] !== 0) return undefined;
  return normalization.range[1] === 1 ? 1 : normalization.range[1] === 255 ? 255 : undefined;
}
