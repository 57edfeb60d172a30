import { belowBase } from '../base-path.js';

/** What a heat map adds to the picture that it was drawn over. */
export interface HeatMapColours {
  /** As large as the drawn picture, without its legend; transparent where nothing is. */
  readonly canvas: HTMLCanvasElement;
}

/** Opacity of the hottest place in the stored picture (pixels/heat-map.ts). */
const drawnOpacity = 150 / 255;
/** Below this share, what differs from grey is the noise of JPEG. */
const minShare = 0.06;
/** Parts of which the sides differ by more are not the same part. */
const maxDifference = 0.02;

/**
 * The colours of a heat map, taken out of the drawn picture: over grey g the colour (255, 210 (1 − s), 0) with opacity a gives red
 * minus blue = 255 a, whatever g is; cyan lines around a region have less red than blue. So they can be laid over the picture with
 * any window.
 *
 * @param height over width of the part that the picture should show; undefined is returned if it shows another one
 */
export async function heatMapColours(address: string, height: number, signal: AbortSignal): Promise<HeatMapColours | undefined> {
  const response = await fetch(belowBase(address), { credentials: 'same-origin', signal });
  if (!response.ok) throw new Error(String(response.status));
  const picture = await createImageBitmap(await response.blob());
  const canvas = document.createElement('canvas');
  // The legend is below the picture.
  const drawnHeight = picture.height - Math.round(Math.max(84, picture.width / 8));
  if (drawnHeight <= 0 || Math.abs(drawnHeight / picture.width / height - 1) > maxDifference) return undefined;
  [canvas.width, canvas.height] = [picture.width, drawnHeight];
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) return undefined;
  context.drawImage(picture, 0, 0);
  // In strips, so that keys and drags are answered between them.
  const strip = 128;
  for (let top = 0; top < drawnHeight; top += strip) {
    const part = context.getImageData(0, top, canvas.width, Math.min(strip, drawnHeight - top));
    takeColours(part.data);
    context.putImageData(part, 0, top);
    await new Promise((resolve) => setTimeout(resolve));
    signal.throwIfAborted();
  }
  return { canvas };
}

/** RGBA in place. */
export function takeColours(pixels: Uint8ClampedArray): void {
  for (let at = 0; at < pixels.length; at += 4) {
    const warm = (pixels[at]! - pixels[at + 2]!) / 255;
    if (warm < -0.25) {
      // The line around a region.
      pixels.set([0, 229, 255, Math.min(255, -warm * 255)], at);
      continue;
    }
    const share = Math.min(1, warm / drawnOpacity);
    if (share < minShare) pixels[at + 3] = 0;
    else pixels.set([255, 210 * (1 - share), 0, share * 255], at);
  }
}
