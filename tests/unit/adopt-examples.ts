import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/config.js';
import type { InputBatch, Prediction } from '../../src/engine/engine.js';
import type { InputSize } from '../../src/engine/foreign/foreign-options.js';

/** What the library of a model computes for the phantom (tests/oracles/adopt). */
export interface GoldenModel {
  readonly activation: 'none' | 'sigmoid' | 'softmax';
  readonly layout: 'NCHW' | 'NHWC';
  readonly channels: number;
  readonly probabilities: readonly number[];
  readonly features?: number;
  /** Class activation maps of all outputs, row by row. */
  readonly maps?: readonly number[];
}

export function goldenOf(path: string): Readonly<Record<string, GoldenModel>> {
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, GoldenModel>;
}

const side = 64;

/** The committed phantom, grey values 0 to 1, the same in each channel; between the first and the last picture of a batch it is upside down. */
export function phantomBatch({ channels, height, width }: InputSize, batch: number): InputBatch {
  if (height !== side || width !== side) throw new Error(`the phantom has ${side} × ${side} pixels`);
  const pixels = readFileSync(join(projectRoot, 'tests/fixtures/adopt/phantom.bin'));
  const grey = Float32Array.from(pixels, (value) => value / 255);
  const data = new Float32Array(batch * channels * grey.length);
  for (let picture = 0; picture < batch; picture++)
    for (let channel = 0; channel < channels; channel++)
      data.set(picture > 0 && picture < batch - 1 ? grey.toReversed() : grey, (picture * channels + channel) * grey.length);
  return { data, batch, channels, height, width };
}

export function probabilitiesOf({ logits, outputs }: Prediction, image: number, objective: 'several' | 'one-of-many'): readonly number[] {
  const scores = [...logits.subarray(image * outputs, (image + 1) * outputs)];
  if (objective === 'several') return scores.map((score) => 1 / (1 + Math.exp(-score)));
  const exponentials = scores.map(Math.exp);
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}
