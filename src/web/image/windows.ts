import type { TextKey } from '../texts/texts.js';
import type { DisplayWindow } from './stage.js';

export interface NamedWindow extends DisplayWindow {
  readonly text: TextKey;
  /** Put into the text. */
  readonly values?: Readonly<Record<string, number>>;
}

/** As most departments use them, in Hounsfield units. */
const ctWindows: readonly NamedWindow[] = [
  { text: 'image.window.lung', center: -600, width: 1500 },
  { text: 'image.window.mediastinum', center: 40, width: 400 },
  { text: 'image.window.bone', center: 400, width: 1800 },
];

/** Width of the narrow window of a radiograph, as a share of the default one: more contrast. */
const narrow = 0.6;

/**
 * The windows that a user chooses from.
 *
 * @param windows of the frame; the first is the default
 */
export function choicesOf({
  windows,
  unit,
}: {
  readonly windows: readonly DisplayWindow[];
  readonly unit: 'HU' | '';
}): readonly NamedWindow[] {
  const [first, ...others] = windows;
  if (!first) return [];
  const ofFile = others.map((one, index): NamedWindow => ({ ...one, text: 'image.window.file', values: { number: index + 1 } }));
  const standard: readonly NamedWindow[] =
    unit === 'HU' ? ctWindows : [{ text: 'image.window.narrow', center: first.center, width: Math.max(1, first.width * narrow) }];
  const all: readonly NamedWindow[] = [{ ...first, text: 'image.window.default' }, ...standard, ...ofFile];
  // The default of a CT is one of the standard windows.
  const isNamed = unit === 'HU' && standard.some((one) => isSame(one, first));
  return isNamed ? all.slice(1) : all;
}

export function isSame(a: DisplayWindow, b: DisplayWindow): boolean {
  return Math.abs(a.center - b.center) < 0.5 && Math.abs(a.width - b.width) < 0.5;
}
