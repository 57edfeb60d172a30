import sharp from 'sharp';
import type { GreyImage } from '../pixels/image.js';

/** One picture of a sheet, in [0, 1]. */
export interface SheetPicture extends Pick<GreyImage, 'width' | 'height' | 'values'> {
  /** Below the picture; labels and file, no patient. */
  readonly caption: string;
}

const captionHeight = 22;
const margin = 4;
const notice = 'Training pictures – not for diagnosis';

/** Pictures in a grid with captions, fastai's `show_batch`. All of one size. @returns PNG */
export async function drawContactSheet(pictures: readonly SheetPicture[], columns: number): Promise<Buffer> {
  const { width, height } = pictures[0] ?? { width: 1, height: 1 };
  const cell = { width: width + 2 * margin, height: height + 2 * margin + captionHeight };
  const rows = Math.ceil(pictures.length / columns);
  const size = { width: cell.width * columns, height: cell.height * rows + captionHeight };
  const place = (index: number): { left: number; top: number } => ({
    left: (index % columns) * cell.width + margin,
    top: Math.floor(index / columns) * cell.height + margin,
  });
  const images = pictures.map((picture, index) => ({
    input: greyBytes(picture),
    raw: { width, height, channels: 1 as const },
    ...place(index),
  }));
  const captions = pictures.map(({ caption }, index) => {
    const { left, top } = place(index);
    return `<text x="${left + width / 2}" y="${top + height + 15}" text-anchor="middle">${escaped(clipped(caption, width))}</text>`;
  });
  const text = `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" font-family="sans-serif" font-size="12" fill="#111">${captions.join('')}<text x="${margin}" y="${size.height - 7}" fill="#555">${notice}</text></svg>`;
  return sharp({ create: { ...size, channels: 3, background: '#ffffff' } })
    .composite([...images, { input: Buffer.from(text), left: 0, top: 0 }])
    .png()
    .toBuffer();
}

/** A page of its own: the pictures are in it. */
export async function contactSheetPage(pictures: readonly SheetPicture[], title: string): Promise<string> {
  const figures = await Promise.all(
    pictures.map(async (picture) => {
      const png = await sharp(greyBytes(picture), { raw: { width: picture.width, height: picture.height, channels: 1 } })
        .png()
        .toBuffer();
      return `<figure><img width="${picture.width}" height="${picture.height}" alt="" src="data:image/png;base64,${png.toString('base64')}"><figcaption>${escaped(picture.caption)}</figcaption></figure>`;
    }),
  );
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${escaped(title)}</title>
<style>body{font:14px sans-serif;margin:1rem}main{display:flex;flex-wrap:wrap;gap:.75rem}figure{margin:0}figcaption{max-width:14rem;overflow-wrap:anywhere;font-size:12px}</style>
<h1>${escaped(title)}</h1><p>${notice}.</p>
<main>${figures.join('\n')}</main></html>
`;
}

function greyBytes({ values }: SheetPicture): Buffer {
  return Buffer.from(Uint8Array.from(values, (value) => Math.round(Math.min(Math.max(value, 0), 1) * 255)));
}

function clipped(text: string, width: number): string {
  const most = Math.floor(width / 6.5);
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
