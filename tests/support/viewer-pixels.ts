import type { WatchedPage } from './browser.js';

/** Mean grey level of the biggest canvas of the page. */
export async function brightness({ page }: WatchedPage): Promise<number> {
  return (await pixelsOf(page))[0];
}

/** Share of pixels that are red rather than grey. */
export async function colourfulness({ page }: WatchedPage): Promise<number> {
  return (await pixelsOf(page))[1];
}

async function pixelsOf(page: WatchedPage['page']): Promise<readonly [number, number]> {
  const png = await page.locator('.cornerstone-canvas').first().screenshot();
  const { default: sharp } = await import('sharp');
  const { data } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  let sum = 0;
  let red = 0;
  for (let at = 0; at < data.length; at += 3) {
    sum += (data[at]! + data[at + 1]! + data[at + 2]!) / 3;
    if (data[at]! - data[at + 2]! > 60) red++;
  }
  return [sum / (data.length / 3), red / (data.length / 3)];
}
