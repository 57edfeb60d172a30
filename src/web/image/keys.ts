import type { TextKey } from '../texts/texts.js';

/** Keys of the image on the study page, for the list of keys. */
export const imageKeys: readonly { readonly key: string; readonly text: TextKey }[] = [
  { key: '+ −', text: 'image.key.zoom' },
  { key: ', .', text: 'image.key.slices' },
  { key: '↑ ↓ PgUp PgDn', text: 'image.key.focusedSlices' },
  { key: 'Shift + ← → ↑ ↓', text: 'image.key.pan' },
  { key: 'g', text: 'image.key.window' },
  { key: 'i', text: 'image.key.invert' },
  { key: 't', text: 'image.key.mouse' },
  { key: 'h', text: 'image.key.heatMap' },
  { key: '[ ]', text: 'image.key.opacity' },
  { key: 'v', text: 'image.key.prior' },
  { key: 's', text: 'image.key.next' },
  { key: 'f', text: 'image.key.fullScreen' },
  { key: 'r', text: 'image.key.reset' },
];
