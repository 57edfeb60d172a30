import type { TextKey } from '../texts/texts.js';

/** What the keys of the image do. */
export interface ImageActions {
  invert(): void;
  reset(): void;
  fullScreen(): void;
  toggleHeatMap(): void;
  changeOpacity(by: number): void;
  toggleRegions(): void;
  togglePrior(): void;
  nextWindow(): void;
  toggleMode(): void;
  nextImage(): void;
  zoom(factor: number): void;
  pan(x: number, y: number): void;
  scroll(slices: number): void;
}

/** One row of the list of keys. */
export interface ImageKey {
  /** As the list shows it. */
  readonly key: string;
  readonly text: TextKey;
  /** A key that is held down does it again and again; absent: once only. */
  readonly repeats?: true;
  readonly bindings: readonly ImageKeyBinding[];
}

export interface ImageKeyBinding {
  /** `KeyboardEvent.key`; any of them. */
  readonly keys: readonly string[];
  /** Only while an image has the focus, with Shift or without it: keys that the page uses otherwise. */
  readonly focused?: 'plain' | 'shift';
  readonly run: (actions: ImageActions) => void;
}

const zoomStep = 1.25;
/** In CSS pixels. */
const panStep = 40;
/** In per cent. */
const opacityStep = 10;

const once = (key: string, text: TextKey, run: ImageKeyBinding['run']): ImageKey => ({ key, text, bindings: [{ keys: [key], run }] });

/** Keys of the image on the study page: the handler (use-image-keys.ts) and the list of keys are made from it. */
export const imageKeys: readonly ImageKey[] = [
  {
    key: '+ −',
    text: 'image.key.zoom',
    repeats: true,
    bindings: [
      { keys: ['+', '='], run: (image) => image.zoom(zoomStep) },
      { keys: ['-'], run: (image) => image.zoom(1 / zoomStep) },
    ],
  },
  {
    key: ', .',
    text: 'image.key.slices',
    repeats: true,
    bindings: [
      { keys: [','], run: (image) => image.scroll(-1) },
      { keys: ['.'], run: (image) => image.scroll(1) },
    ],
  },
  {
    key: '↑ ↓ PgUp PgDn',
    text: 'image.key.focusedSlices',
    repeats: true,
    bindings: [
      { keys: ['ArrowUp'], focused: 'plain', run: (image) => image.scroll(-1) },
      { keys: ['ArrowDown'], focused: 'plain', run: (image) => image.scroll(1) },
      { keys: ['PageUp'], focused: 'plain', run: (image) => image.scroll(-10) },
      { keys: ['PageDown'], focused: 'plain', run: (image) => image.scroll(10) },
    ],
  },
  {
    key: 'Shift + ← → ↑ ↓',
    text: 'image.key.pan',
    repeats: true,
    bindings: [
      { keys: ['ArrowLeft'], focused: 'shift', run: (image) => image.pan(-panStep, 0) },
      { keys: ['ArrowRight'], focused: 'shift', run: (image) => image.pan(panStep, 0) },
      { keys: ['ArrowUp'], focused: 'shift', run: (image) => image.pan(0, -panStep) },
      { keys: ['ArrowDown'], focused: 'shift', run: (image) => image.pan(0, panStep) },
    ],
  },
  once('g', 'image.key.window', (image) => image.nextWindow()),
  once('i', 'image.key.invert', (image) => image.invert()),
  once('t', 'image.key.mouse', (image) => image.toggleMode()),
  once('h', 'image.key.heatMap', (image) => image.toggleHeatMap()),
  {
    key: '[ ]',
    text: 'image.key.opacity',
    repeats: true,
    bindings: [
      { keys: ['['], run: (image) => image.changeOpacity(-opacityStep) },
      { keys: [']'], run: (image) => image.changeOpacity(opacityStep) },
    ],
  },
  once('b', 'image.key.regions', (image) => image.toggleRegions()),
  once('v', 'image.key.prior', (image) => image.togglePrior()),
  once('s', 'image.key.next', (image) => image.nextImage()),
  once('f', 'image.key.fullScreen', (image) => image.fullScreen()),
  once('r', 'image.key.reset', (image) => image.reset()),
];

/** The keys that work wherever the focus is on the study page: nothing else there may use them. */
export const imageCharacters: readonly string[] = imageKeys.flatMap(({ bindings }) =>
  bindings.filter(({ focused }) => focused === undefined).flatMap(({ keys }) => keys),
);

/** What a pressed key does with the image; undefined if nothing. 'ignored': a key held down that works once. */
export function imageActionOf(
  { key, shiftKey, repeat }: Pick<KeyboardEvent, 'key' | 'shiftKey' | 'repeat'>,
  hasFocus: boolean,
): ImageKeyBinding['run'] | 'ignored' | undefined {
  for (const { bindings, repeats } of imageKeys) {
    const found = bindings.find(
      ({ keys, focused }) => keys.includes(key) && (focused === undefined || (hasFocus && (focused === 'shift') === shiftKey)),
    );
    if (found) return repeat && !repeats ? 'ignored' : found.run;
  }
  return undefined;
}
