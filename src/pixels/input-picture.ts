import sharp from 'sharp';
import type { GreyImage } from './image.js';
import { networkInput, type NetworkInput } from './network-input.js';
import { extremes } from './resize.js';

/** What the network sees of a picture, for people: its channels side by side (one if they are alike), darkest to brightest value. @returns PNG */
export async function drawNetworkInput(image: GreyImage, input: NetworkInput): Promise<Uint8Array> {
  const values = networkInput(image, input);
  const { width, height, channels } = input;
  const size = width * height;
  const planes = Array.from({ length: channels }, (_, channel) => normalised(values.subarray(channel * size, (channel + 1) * size)));
  const shown = planes.filter((plane, index) => index === 0 || plane.some((value, at) => value !== planes[0]![at]));
  const pixels = Buffer.alloc(size * shown.length);
  shown.forEach((plane, index) => {
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) pixels[(y * shown.length + index) * width + x] = plane[y * width + x]!;
  });
  return sharp(pixels, { raw: { width: width * shown.length, height, channels: 1 } })
    .png()
    .toBuffer();
}

function normalised(plane: Float32Array): Uint8Array {
  const [low, high] = extremes(plane);
  return Uint8Array.from(plane, (value) => Math.round(high > low ? ((value - low) / (high - low)) * 255 : 0));
}
