import type { InputBatch, Prediction, Predictor } from '../engine.js';
import type { ActivationMaps } from './foreign-outputs.js';

/** Windows across and down; each is covered once, so that a picture costs this number squared of forward passes. */
export const occlusionWindows = 7;
const passesAtOnce = 7;

/**
 * Occlusion maps (Zeiler and Fergus 2014, arXiv 1311.2901) of a network that has no feature map with a linear head: how much each score
 * falls when a window of the picture is covered with the picture's mean, 0 where it does not fall; 7 × 7 windows, 49 forward passes.
 *
 * @param input one picture
 * @param uncovered what the network says of it
 */
export async function occlusionMaps(
  predictor: Predictor,
  input: InputBatch,
  uncovered: Pick<Prediction, 'logits' | 'outputs'>,
): Promise<ActivationMaps> {
  const { channels, height, width, data } = input;
  const { outputs, logits } = uncovered;
  const places = occlusionWindows * occlusionWindows;
  const maps = new Float32Array(outputs * places);
  const means = Array.from({ length: channels }, (_, channel) =>
    meanOf(data.subarray(channel * height * width, (channel + 1) * height * width)),
  );
  for (let first = 0; first < places; first += passesAtOnce) {
    const count = Math.min(passesAtOnce, places - first);
    const covered = new Float32Array(count * data.length);
    for (let index = 0; index < count; index++) {
      const picture = covered.subarray(index * data.length, (index + 1) * data.length);
      picture.set(data);
      cover(picture, input, first + index, means);
    }
    const prediction = await predictor.predict({ data: covered, batch: count, channels, height, width });
    for (let index = 0; index < count; index++)
      for (let output = 0; output < outputs; output++)
        maps[output * places + first + index] = Math.max(0, logits[output]! - prediction.logits[index * outputs + output]!);
  }
  return { activationMaps: maps, mapHeight: occlusionWindows, mapWidth: occlusionWindows };
}

function cover(picture: Float32Array, { height, width }: InputBatch, place: number, means: readonly number[]): void {
  const edge = (window: number, size: number): number => Math.round((window * size) / occlusionWindows);
  const [row, column] = [Math.floor(place / occlusionWindows), place % occlusionWindows];
  for (const [channel, mean] of means.entries())
    for (let y = edge(row, height); y < edge(row + 1, height); y++) {
      const line = channel * height * width + y * width;
      picture.fill(mean, line + edge(column, width), line + edge(column + 1, width));
    }
}

function meanOf(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
