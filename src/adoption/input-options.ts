import { Fault } from '../errors.js';
import { inputSchema, resizeFilters } from '../registry/input-file.js';
import type { InputSpecification } from '../registry/model-file.js';
import { inputPresetNames, inputPresets, type InputPreset, type InputPresetName } from './input-presets.js';

/** Options of `models adopt` on preprocessing, as texts. */
export interface InputOptions {
  readonly preset?: string | undefined;
  readonly size?: string | undefined;
  readonly channels?: string | undefined;
  readonly fit?: string | undefined;
  readonly shorterSide?: string | undefined;
  readonly padding?: string | undefined;
  readonly resize?: string | undefined;
  readonly eightBit?: boolean | undefined;
  readonly range?: string | undefined;
  readonly imageRange?: string | undefined;
  readonly mean?: string | undefined;
  readonly std?: string | undefined;
  readonly scale?: string | undefined;
  readonly normalization?: string | undefined;
  readonly window?: readonly string[] | undefined;
  readonly slices?: string | undefined;
}

/** What the network itself determines; undefined where its file leaves it open. */
export interface NetworkSize {
  readonly channels?: number | undefined;
  readonly width?: number | undefined;
  readonly height?: number | undefined;
}

/** @throws Fault 'request-invalid' of an unknown preset */
export function presetOf(name: string | undefined): InputPresetName | undefined {
  const found = inputPresetNames.find((one) => one === name);
  if (name !== undefined && !found)
    throw new Fault('request-invalid', `expected --preset as one of ${inputPresetNames.join(', ')}, found ${name}`);
  return found;
}

/**
 * The input specification of a network: its preset, and what options state otherwise.
 *
 * @throws Fault 'request-invalid' naming the option, where something is missing or contradicts the network
 */
export function inputOfOptions(options: InputOptions, network: NetworkSize): InputSpecification {
  const name = presetOf(options.preset);
  const preset: InputPreset | undefined = name && inputPresets[name];
  const [width, height] = options.size === undefined ? [] : sizeOf(options.size);
  const channels = network.channels ?? wholeNumber('--channels', options.channels) ?? preset?.channels ?? 1;
  const side = width ?? network.width ?? preset?.side;
  if (side === undefined)
    throw new Fault('request-invalid', 'expected --preset or --size, found neither: which pictures does the network take?');
  if (width !== undefined && network.width !== undefined && (width !== network.width || height !== network.height))
    throw new Fault('request-invalid', `expected --size ${network.width}x${network.height} as the network has it, found ${options.size}`);
  const normalization = normalizationOf(options) ?? preset?.input(side).normalization;
  if (normalization === undefined)
    throw new Fault(
      'request-invalid',
      'expected --preset, --range, --image-range, --mean with --std, or --normalization, found none: which values does the network take?',
    );
  const windows = (options.window ?? []).map((text) => {
    const [center, windowWidth] = numbers('--window', text, 2);
    return { center: center!, width: windowWidth! };
  });
  const spec = {
    ...(preset?.input(side) ?? { resize: 'bilinear-antialias' as const }),
    width: side,
    height: height ?? network.height ?? side,
    channels,
    normalization,
    ...(options.fit === undefined ? {} : { fit: options.fit, shorterSide: undefined, padding: undefined }),
    ...given('shorterSide', wholeNumber('--shorter-side', options.shorterSide)),
    ...given('padding', options.padding === undefined ? undefined : numbers('--padding', options.padding, 1)[0]),
    ...(options.resize === undefined ? {} : { resize: options.resize, eightBit: undefined }),
    ...given('eightBit', options.eightBit),
    ...given('window', windows.length === 1 ? windows[0] : undefined),
    ...given('windows', windows.length > 1 ? windows : undefined),
    ...given('slices', wholeNumber('--slices', options.slices)),
  };
  const parsed = inputSchema.safeParse(JSON.parse(JSON.stringify(spec)));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Fault(
    'request-invalid',
    `preprocessing, ${issue!.path.join('.')}: ${issue!.path[0] === 'resize' ? `expected one of ${resizeFilters.join(', ')}` : issue!.message}`,
  );
}

function given<Name extends string, Value>(name: Name, value: Value | undefined): Partial<Record<Name, Value>> {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, Value>);
}

function normalizationOf({
  range,
  imageRange,
  mean,
  std,
  scale,
  normalization,
}: InputOptions): InputSpecification['normalization'] | undefined {
  const all = [range, imageRange, mean, normalization].filter((one) => one !== undefined);
  if (all.length > 1)
    throw new Fault('request-invalid', 'expected one of --range, --image-range, --mean and --normalization, found several');
  if ((mean === undefined) !== (std === undefined))
    throw new Fault('request-invalid', 'expected --mean together with --std, found one of them');
  if (scale !== undefined && !['1', '255'].includes(scale)) throw new Fault('request-invalid', `expected --scale 1 or 255, found ${scale}`);
  if (range !== undefined) return { range: numbers('--range', range, 2) as [number, number] };
  if (imageRange !== undefined) return { imageRange: numbers('--image-range', imageRange, 2) as [number, number] };
  if (mean !== undefined) return { mean: numbers('--mean', mean), std: numbers('--std', std!), scale: scale === '255' ? 255 : 1 };
  if (normalization === undefined) return undefined;
  if (normalization === 'per-image' || normalization === 'imagenet') return normalization;
  throw new Fault('request-invalid', `expected --normalization per-image or imagenet, found ${normalization}`);
}

function sizeOf(text: string): readonly [number, number] {
  const [, width, height = width] = /^(\d{2,4})(?:x(\d{2,4}))?$/.exec(text) ?? [];
  if (width === undefined) throw new Fault('request-invalid', `expected --size as a number of pixels or WIDTHxHEIGHT, found ${text}`);
  return [Number(width), Number(height)];
}

function wholeNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,5}$/.test(text)) throw new Fault('request-invalid', `expected ${option} as a whole number, found ${text}`);
  return Number(text);
}

function numbers(option: string, text: string, count?: number): readonly number[] {
  const found = text.split(',').map((one) => (one.trim() === '' ? NaN : Number(one)));
  if (found.some((one) => !Number.isFinite(one)) || (count !== undefined && found.length !== count))
    throw new Fault('request-invalid', `expected ${option} as ${count ?? 'some'} numbers separated by commas, found ${text}`);
  return found;
}
