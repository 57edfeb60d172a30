import sharp from 'sharp';
import type { GreyImage } from '../pixels/image.js';
import type { FindingVerdict } from '../tasks/tools.js';

const longestSide = 1024;

/**
 * The picture with what the network looked at laid over it in colour, the box of a finding that is present, a legend, and
 * the notice burned in.
 *
 * @returns PNG
 */
export async function drawHeatMap(image: GreyImage, finding: Pick<FindingVerdict, 'name' | 'probability' | 'decision' | 'activation' | 'box'>): Promise<Buffer> {
  const realHeight = image.height * image.pixelAspect;
  const scale = longestSide / Math.max(image.width, realHeight);
  const width = Math.max(1, Math.round(image.width * scale));
  const height = Math.max(1, Math.round(realHeight * scale));
  const grey = Buffer.from(Uint8Array.from(image.values, (value) => Math.round(value * 255)));
  const picture = await sharp(grey, { raw: { width: image.width, height: image.height, channels: 1 } }).resize(width, height, { fit: 'fill' }).toColourspace('srgb').png().toBuffer();
  const colour = await sharp(colourOf(finding.activation), { raw: { width: finding.activation.width, height: finding.activation.height, channels: 4 } })
    .resize(width, height, { fit: 'fill', kernel: 'cubic' })
    .png()
    .toBuffer();
  return sharp(picture)
    .composite([{ input: colour }, { input: Buffer.from(caption(width, height, finding)) }])
    .png()
    .toBuffer();
}

/** Transparent where nothing is, then yellow to red; relative to the map's own maximum. */
function colourOf({ values }: FindingVerdict['activation']): Buffer {
  const most = values.reduce((top, value) => Math.max(top, value), 0);
  const pixels = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => {
    const share = most > 0 ? value / most : 0;
    pixels.set([255, Math.round(210 * (1 - share)), 0, Math.round(150 * share)], index * 4);
  });
  return pixels;
}

function caption(width: number, height: number, { name, probability, decision, box }: Parameters<typeof drawHeatMap>[1]): string {
  const rectangle = box
    ? `<rect x="${box.left * width}" y="${box.top * height}" width="${(box.right - box.left) * width}" height="${(box.bottom - box.top) * height}" fill="none" stroke="#00e5ff" stroke-width="3"/>`
    : '';
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="20">
<defs><linearGradient id="scale"><stop offset="0" stop-color="#ffd200" stop-opacity="0.15"/><stop offset="1" stop-color="#ff0000"/></linearGradient></defs>
${rectangle}
<rect x="0" y="${height - 60}" width="${width}" height="60" fill="#000" fill-opacity="0.7"/>
<text x="12" y="${height - 36}" fill="#fff">${name}: ${Math.round(probability * 100)} % (${decision})</text>
<text x="12" y="${height - 10}" fill="#ffd27a">AI – not for diagnosis</text>
<rect x="${width - 212}" y="${height - 50}" width="200" height="14" fill="url(#scale)" stroke="#fff" stroke-width="0.5"/>
<text x="${width - 212}" y="${height - 12}" fill="#fff" font-size="15">less</text><text x="${width - 12}" y="${height - 12}" fill="#fff" font-size="15" text-anchor="end">more attention</text>
</svg>`;
}
