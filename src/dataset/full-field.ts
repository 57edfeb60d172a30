import type { GreyImage } from '../pixels/image.js';
import { resizeBilinear } from '../pixels/resize.js';
import type { Example, ExampleSource } from './example.js';
import { keyedRandom, type Draws } from '../lib/seeded-random.js';

/** Side of what is made here; enough for any input. */
const side = 320;

/**
 * The same slices twice: as published, cropped to the lungs, and drawn as a scanner shows them. Pictures out of papers are cropped,
 * slices out of a scanner are not; a network that saw only the first refuses the second. Of the same patient, so on the same side.
 */
export function withFullField(source: ExampleSource, seed: number): ExampleSource {
  const made = new Map(source.examples.map((example) => [`${example.key}.full-field`, example]));
  return {
    ...source,
    examples: [
      ...source.examples,
      ...[...made].map(
        ([key, example]): Example => ({
          key,
          patient: example.patient,
          source: example.source,
          view: example.view,
          labels: example.labels,
          absent: example.absent,
          origins: example.origins,
          ...(example.unknown ? { unknown: example.unknown } : {}),
        }),
      ),
    ],
    picture: async (example) => {
      const cropped = made.get(example.key);
      return cropped ? drawFullField(await source.picture(cropped), keyedRandom('full field', seed, example.key)) : source.picture(example);
    },
  };
}

/** Whether an example is one of those that were drawn. */
export function isFullField({ key }: Pick<Example, 'key'>): boolean {
  return key.endsWith('.full-field');
}

/**
 * A slice that is cropped to the lungs, smaller, in a body wall as bright as the brighter parts of the picture, with air around,
 * at times a table below and a round field.
 */
export function drawFullField(cropped: GreyImage, draws: Draws): GreyImage {
  const air = draws.uniform(0, 0.3);
  const outside = draws.next() < 2 / 3 ? 0 : draws.uniform(0, 0.3);
  const [width, height] = [Math.round(side * draws.uniform(0.55, 0.9)), Math.round(side * draws.uniform(0.42, 0.75))];
  const [centreX, centreY] = [side * (0.5 + draws.uniform(-0.06, 0.06)), side * (0.5 + draws.uniform(-0.06, 0.06))];
  const small = resizeBilinear(cropped, width, height).values;
  const wall = {
    drawn: draws.next() < 0.75,
    grey: quantile(small, draws.uniform(0.6, 0.95)),
    mottle: draws.uniform(0.004, 0.03),
    wide: draws.uniform(1.05, 1.3),
    high: draws.uniform(1.08, 1.4),
    power: draws.uniform(2, 3),
  };
  const rounded = draws.next() < 0.7;
  const table = {
    drawn: draws.next() < 0.5,
    top: 0.36 + draws.uniform(-0.1, 0.08),
    bend: draws.uniform(0, 0.6),
    thick: draws.uniform(0.004, 0.012),
    half: draws.uniform(0.2, 0.45),
    grey: draws.uniform(0.35, 1),
  };
  const field = draws.next() < 0.6 ? draws.uniform(0.48, 0.52) : Infinity;
  const [left, top] = [
    Math.min(Math.max(Math.round(centreX - width / 2), 0), side - width),
    Math.min(Math.max(Math.round(centreY - height / 2), 0), side - height),
  ];
  const values = new Float32Array(side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      /** 1 on the edge of a rounded box around the slice. */
      const box = (w: number, h: number, power: number): number =>
        Math.abs((2 * (x - centreX)) / w) ** power + Math.abs((2 * (y - centreY)) / h) ** power;
      const mottle = (draws.next() + draws.next() - 1) * wall.mottle;
      const [across, down] = [x / side - 0.5, y / side - 0.5];
      const [column, row] = [x - left, y - top];
      const inside = column >= 0 && column < width && row >= 0 && row < height && (!rounded || box(width, height, 2.6) <= 1.08);
      const isTable =
        table.drawn && Math.abs(down - table.top + table.bend * across * across) < table.thick && Math.abs(across) < table.half;
      const value =
        Math.hypot(across, down) > field
          ? outside
          : isTable
            ? table.grey
            : inside
              ? small[row * width + column]!
              : wall.drawn && box(width * wall.wide, height * wall.high, wall.power) <= 1
                ? wall.grey + mottle
                : air;
      values[y * side + x] = Math.min(Math.max(value, 0), 1);
    }
  }
  return { width: side, height: side, values, pixelAspect: 1 };
}

function quantile(values: Float32Array, share: number): number {
  return Float32Array.from(values).sort()[Math.min(Math.floor(share * values.length), values.length - 1)]!;
}
