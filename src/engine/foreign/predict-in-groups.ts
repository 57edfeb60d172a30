import type { InputBatch, Prediction } from '../engine.js';

/**
 * Predicts a batch with a graph whose batch may be fixed by its exporter: in groups of that size, the last one filled up with zeros; or
 * one picture at a time if a batch of several was refused.
 *
 * @param fixedBatch undefined if the graph takes any
 */
export function predictInGroups(
  run: (input: InputBatch) => Promise<Prediction>,
  fixedBatch: number | undefined,
): (input: InputBatch) => Promise<Prediction> {
  let group = fixedBatch;
  const inGroups = async (input: InputBatch, size: number): Promise<Prediction> => {
    const values = input.data.length / input.batch;
    const parts: Prediction[] = [];
    for (let begin = 0; begin < input.batch; begin += size) {
      const count = Math.min(size, input.batch - begin);
      const data = new Float32Array(size * values);
      data.set(input.data.subarray(begin * values, (begin + count) * values));
      parts.push(firstOf(await run({ ...input, data, batch: size }), count));
    }
    return joinPredictions(parts);
  };
  return async (input) => {
    if (group !== undefined && group !== input.batch) return inGroups(input, group);
    if (input.batch === 1 || group === input.batch) return run(input);
    try {
      return await run(input);
    } catch {
      // an exporter that saw one picture may have written its batch into a Reshape
      const single = await inGroups(input, 1);
      group = 1;
      return single;
    }
  };
}

function firstOf(prediction: Prediction, count: number): Prediction {
  if (count === prediction.batch) return prediction;
  const part = (values: Float32Array): Float32Array => values.slice(0, (values.length / prediction.batch) * count);
  return {
    ...prediction,
    batch: count,
    logits: part(prediction.logits),
    embedding: part(prediction.embedding),
    activationMaps: part(prediction.activationMaps),
  };
}

/** Predictions of one network as one. @param parts at least one */
export function joinPredictions(parts: readonly Prediction[]): Prediction {
  if (parts.length === 1) return parts[0]!;
  const join = (of: (part: Prediction) => Float32Array): Float32Array => {
    const all = new Float32Array(parts.reduce((sum, part) => sum + of(part).length, 0));
    parts.reduce((offset, part) => (all.set(of(part), offset), offset + of(part).length), 0);
    return all;
  };
  return {
    ...parts.at(-1)!,
    batch: parts.reduce((sum, part) => sum + part.batch, 0),
    logits: join((part) => part.logits),
    embedding: join((part) => part.embedding),
    activationMaps: join((part) => part.activationMaps),
  };
}
