import type { ReactNode } from 'react';

/** Shapes of the buttons, in a square of 24. */
const shapes = {
  invert: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Zm0 2v14a7 7 0 0 1 0-14Z',
  reset: 'M12 5V2L7 6l5 4V7a5 5 0 1 1-5 5H5a7 7 0 1 0 7-7Z',
  fullScreen: 'M4 9V4h5v2H6v3H4Zm11-5h5v5h-2V6h-3V4ZM6 15v3h3v2H4v-5h2Zm12 0h2v5h-5v-2h3v-3Z',
  prior: 'M3 5h8v14H3V5Zm2 2v10h4V7H5Zm8-2h8v14h-8V5Zm2 2v10h4V7h-4Z',
  heatMap:
    'M12 2c1 4 6 6 6 12a6 6 0 0 1-12 0c0-2 1-4 2.5-5 0 2 1 3 2 3 1.5-1 1-5 1.5-10Zm0 18a3 3 0 0 0 3-3c0-2-1.5-3-2-5-1 2-4 2.5-4 5a3 3 0 0 0 3 3Z',
  regions: 'M4 4h16v16H4V4Zm2 2v12h12V6H6Z',
  zoomIn: 'M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6V5Z',
  zoomOut: 'M5 11h14v2H5v-2Z',
} as const;

export type IconName = keyof typeof shapes;

export function Icon({ name }: { readonly name: IconName }): ReactNode {
  return (
    <svg width="18" height="18" viewBox="0 0 24 24" fill="currentColor" fillRule="evenodd" aria-hidden>
      <path d={shapes[name]} />
    </svg>
  );
}
