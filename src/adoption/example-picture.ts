import type { GreyImage } from '../pixels/image.js';
import type { InputSpecification } from '../registry/model-file.js';
import { extremes } from '../pixels/resize.js';
import { chestPhantom } from '../samples/chest-phantom.js';

/** A phantom on which it is shown what a network sees: a frontal radiograph, for CT its planes in other contrasts. */
export function examplePicture(kind: 'xray' | 'ct', { windows, slices }: Pick<InputSpecification, 'windows' | 'slices'>): GreyImage {
  const { columns, rows, values: stored } = chestPhantom({ seed: 'network input', rows: 440, columns: 400, marker: false });
  const [low, high] = extremes(Float32Array.from(stored));
  const values = Float32Array.from(stored, (value) => (value - low) / (high - low));
  const image: GreyImage = { width: columns, height: rows, values, pixelAspect: 1 };
  const count = (windows?.length ?? 1) * (slices ?? 1);
  if (kind === 'xray' || count === 1) return image;
  return { ...image, planes: Array.from({ length: count }, (_, plane) => values.map((value) => value ** (1 + plane / count))) };
}
