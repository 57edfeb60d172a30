import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { InputBatch, Prediction } from '../../engine.js';
import { inferenceNames } from './inference-model.js';
import type { OnnxSessionSettings } from '../protocol.js';

/** A session of onnxruntime for a model made by inferenceModel. Blocks its thread while it loads and predicts. */
export interface BlockingSession {
  predict(input: InputBatch): Promise<Prediction>;
  release(): Promise<void>;
}

export async function openSession(model: Uint8Array, settings: OnnxSessionSettings): Promise<BlockingSession> {
  const session = await InferenceSession.create(model, sessionOptions(settings));
  return {
    predict: async ({ data, batch, channels, height, width }) => {
      const output = await session.run({ [inferenceNames.input]: new Tensor('float32', data, [batch, channels, height, width]) });
      const read = (name: string): { values: Float32Array; dims: readonly number[] } => {
        const tensor = output[name]!;
        return { values: tensor.data as Float32Array, dims: tensor.dims };
      };
      const logits = read(inferenceNames.logits);
      const embedding = read(inferenceNames.embedding);
      const maps = read(inferenceNames.activationMaps);
      return {
        batch,
        logits: logits.values,
        outputs: logits.dims[1]!,
        embedding: embedding.values,
        features: embedding.dims[1]!,
        activationMaps: maps.values,
        mapHeight: maps.dims[2]!,
        mapWidth: maps.dims[3]!,
      };
    },
    release: () => session.release(),
  };
}

export function sessionOptions({ provider, threads }: OnnxSessionSettings): InferenceSession.SessionOptions {
  return {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    // threads wait awake for the next of the many small operators, but so briefly, and never between runs, that the core is there for
    // decoding and for Orthanc on small machines; what other times cost either side: docs/reference/benchmarks.md
    extra: { session: { force_spinning_stop: '1', intra_op: { spin_duration_us: '50' } } },
  };
}
