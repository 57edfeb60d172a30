import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { eventually } from './eventually.js';

/* What a test sees of the image on the study page. */

/** Collects the tasks of the main thread of more than 50 ms, from the next document on. */
export async function watchLongTasks(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const all: number[] = [];
    Object.assign(window, { longTasks: all });
    new PerformanceObserver((list) => all.push(...list.getEntries().map(({ duration }) => Math.round(duration)))).observe({
      type: 'longtask',
      buffered: true,
    });
  });
}

/** A task that is long for certain is seen: otherwise a list without long tasks would say nothing. */
export async function provokeLongTask(page: Page): Promise<void> {
  await page.evaluate(() => {
    const end = performance.now() + 120;
    while (performance.now() < end);
  });
  await eventually('the long task is seen', async () => assert.ok((await longTasks(page)).some((ms) => ms >= 100)));
}

/** Their milliseconds since the last call. */
export function longTasks(page: Page): Promise<readonly number[]> {
  return page.evaluate(() => (window as unknown as { longTasks: number[] }).longTasks.splice(0));
}

/** Mean grey level of the middle of the first image as it is drawn, 0 to 255; the heat map is not part of it. */
export function greyOf(page: Page): Promise<number> {
  return page.evaluate(() => {
    const drawn = document.querySelector<HTMLCanvasElement>('.stage .drawing canvas')!;
    const copy = document.createElement('canvas');
    [copy.width, copy.height] = [64, 64];
    const context = copy.getContext('2d', { willReadFrequently: true })!;
    context.drawImage(drawn, drawn.width * 0.35, drawn.height * 0.3, drawn.width * 0.3, drawn.height * 0.4, 0, 0, 64, 64);
    const { data } = context.getImageData(0, 0, 64, 64);
    return data.reduce((sum, value, at) => (at % 4 === 0 ? sum + value : sum), 0) / 4096;
  });
}

/**
 * Mean difference in grey levels between the first image, as it is drawn at 100 %, and the picture that the service draws of it
 * (`…/picture`), over the part that the picture shows. Both are reduced to 200 pixels in width.
 */
export function differenceFromPicture(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const requested = performance
      .getEntriesByType('resource')
      .map(({ name }) => name)
      .filter((name) => name.endsWith('/pixels'));
    // The first one is shown; the others are loaded ahead.
    const [address] = requested;
    if (!address) return Infinity;
    const body = await (await fetch(address)).arrayBuffer();
    const length = new DataView(body).getUint32(0, true);
    const { columns, rows, pixelAspect, shown } = JSON.parse(new TextDecoder().decode(new Uint8Array(body, 4, length))) as {
      columns: number;
      rows: number;
      pixelAspect: number;
      shown: { left: number; top: number; right: number; bottom: number };
    };
    const frame = /frames\/(\d+)\/pixels$/.exec(address)![1]!;
    const picture = await createImageBitmap(await (await fetch(address.replace(/frames\/\d+\/pixels$/, `picture?frame=${frame}`))).blob());
    const drawn = document.querySelector<HTMLCanvasElement>('.stage .drawing canvas')!;
    const scale = Math.min(drawn.width / columns, drawn.height / (rows * pixelAspect));
    const left = (drawn.width - columns * scale) / 2 + shown.left * scale;
    const top = (drawn.height - rows * pixelAspect * scale) / 2 + shown.top * pixelAspect * scale;
    const [width, height] = [(shown.right - shown.left) * scale, (shown.bottom - shown.top) * pixelAspect * scale];
    const size = [200, Math.round((200 * height) / width)] as const;
    const grey = (draw: (context: CanvasRenderingContext2D) => void): Uint8ClampedArray => {
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = size;
      const context = canvas.getContext('2d', { willReadFrequently: true })!;
      context.imageSmoothingQuality = 'high';
      draw(context);
      return context.getImageData(0, 0, ...size).data;
    };
    const ours = grey((context) => context.drawImage(drawn, left, top, width, height, 0, 0, ...size));
    const theirs = grey((context) => context.drawImage(picture, 0, 0, ...size));
    let sum = 0;
    for (let at = 0; at < ours.length; at += 4) sum += Math.abs(ours[at]! - theirs[at]!);
    return sum / (ours.length / 4);
  });
}
