import { createRequire } from 'node:module';
import sharp from 'sharp';
import type { Box } from './image.js';
import type { Preview } from './preview.js';

/** What a network looked at, over the whole picture: `width * height` values of 0 or more, row by row. */
export interface Activation {
  readonly values: Float32Array;
  readonly width: number;
  readonly height: number;
}

export interface HeatMapContent {
  /** First line of the legend: finding, certainty and decision. */
  readonly title: string;
  /** Last line of the legend: what made it. */
  readonly source: string;
  readonly activation: Activation;
  /** In fractions of the picture. */
  readonly box?: Box | undefined;
}

/** 8-bit RGB, row by row. */
export interface ColourPicture {
  readonly width: number;
  readonly height: number;
  readonly values: Uint8Array;
}

/** Narrower pictures are enlarged, so that the legend can be read. */
const minWidth = 560;
export const heatMapNotice = 'AI – not for diagnosis';

/** The program's own font: a server without any would leave the legend empty. */
const font = createRequire(import.meta.url).resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf');

/**
 * The picture with what the network looked at laid over it in colour, the box of a finding that is present, and below it,
 * where it hides nothing, a legend with the notice. Pixels are made square.
 */
export async function drawHeatMap(picture: Preview, content: HeatMapContent): Promise<ColourPicture> {
  const { width, height } = drawnSize(picture);
  const strip = legendHeight(width);
  const grey = sharp(picture.values, { raw: { width: picture.width, height: picture.height, channels: 1 } });
  const [ground, overlay, ...texts] = await Promise.all([
    grey
      .resize(width, height, { fit: 'fill' })
      .toColourspace('srgb')
      .extend({ bottom: strip, background: '#000000' })
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true }),
    drawActivation(content.activation, width, height),
    written(content.title, '#ffffff', strip / 4.4, width * 0.62),
    written(heatMapNotice, '#ffd27a', strip / 4.4, width * 0.62),
    written(content.source, '#b8c0c8', strip / 6, width * 0.62),
    written('less', '#ffffff', strip / 6, width * 0.15),
    written('more attention', '#ffffff', strip / 6, width * 0.25),
  ]);
  const [title, notice, source, less, more] = texts as [Words, Words, Words, Words, Words];
  const margin = Math.round(strip / 8);
  const right = Math.round(width * 0.66);
  const { channels } = ground.info;
  const { data, info } = await sharp(ground.data, { raw: { width, height: height + strip, channels } })
    .composite([
      { input: overlay, left: 0, top: 0 },
      { input: Buffer.from(shapes(width, height, strip, right, margin, content.box)), left: 0, top: 0 },
      { input: title.data, left: margin, top: height + margin },
      { input: notice.data, left: margin, top: height + Math.round(strip * 0.39) },
      { input: source.data, left: margin, top: height + Math.round(strip * 0.72) },
      { input: less.data, left: right, top: height + Math.round(strip * 0.5) },
      { input: more.data, left: Math.max(right, width - margin - more.width), top: height + Math.round(strip * 0.5) },
    ])
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, values: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}

/** Size of the picture in a heat map, without the legend. */
export function drawnSize({ width, height, pixelAspect }: Preview): { readonly width: number; readonly height: number } {
  const scale = Math.max(1, minWidth / width);
  return { width: Math.round(width * scale), height: Math.max(1, Math.round(height * pixelAspect * scale)) };
}

export function legendHeight(width: number): number {
  return Math.round(Math.max(84, width / 8));
}

/** The colours alone, transparent where nothing is: PNG of the given size. Yellow to red, relative to the map's own maximum. */
export function drawActivation({ values, width, height }: Activation, toWidth: number, toHeight: number): Promise<Buffer> {
  const max = values.reduce((top, value) => Math.max(top, value), 0);
  const pixels = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => {
    const share = max > 0 ? value / max : 0;
    pixels.set([255, Math.round(210 * (1 - share)), 0, Math.round(150 * share)], index * 4);
  });
  return sharp(pixels, { raw: { width, height, channels: 4 } })
    .resize(toWidth, toHeight, { fit: 'fill', kernel: 'cubic' })
    .png({ compressionLevel: 1 })
    .toBuffer();
}

interface Words {
  readonly data: Buffer;
  readonly width: number;
}

async function written(text: string, colour: string, height: number, maxWidth: number): Promise<Words> {
  const markup = `<span foreground="${colour}">${text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`)}</span>`;
  const drawn = await sharp({
    text: { text: markup, font: `DejaVu Sans ${Math.max(9, Math.round(height))}`, fontfile: font, rgba: true, dpi: 72 },
  })
    .png()
    .toBuffer({ resolveWithObject: true });
  if (drawn.info.width <= maxWidth) return { data: drawn.data, width: drawn.info.width };
  const fitted = await sharp(drawn.data)
    .resize({ width: Math.floor(maxWidth) })
    .png()
    .toBuffer({ resolveWithObject: true });
  return { data: fitted.data, width: fitted.info.width };
}

function shapes(width: number, height: number, strip: number, right: number, margin: number, box: Box | undefined): string {
  const line = Math.max(2, width / 350);
  const rectangle = box
    ? `<rect x="${box.left * width}" y="${box.top * height}" width="${(box.right - box.left) * width}" height="${(box.bottom - box.top) * height}" fill="none" stroke="#00e5ff" stroke-width="${line}"/>`
    : '';
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height + strip}">
<defs><linearGradient id="scale"><stop offset="0" stop-color="#ffd200" stop-opacity="0.1"/><stop offset="1" stop-color="#ff0000"/></linearGradient></defs>
${rectangle}
<rect x="${right}" y="${height + strip * 0.2}" width="${width - right - margin}" height="${strip * 0.2}" fill="url(#scale)" stroke="#ffffff" stroke-width="0.7"/>
</svg>`;
}
