import type { BatchNormLayer } from '../../../network/architecture.js';
import type { Tensor } from '../../../network/safetensors.js';
import type { AdamWVectors } from '../../adam-w.js';
import type { TrainerOptions, TrainerState } from '../../trainer.js';
import type { TrainedTensor } from '../../training-plan.js';
import { parameterPlaces, type GroupRange } from './parameter-places.js';
import { fromTapMajor, toTapMajor } from './tap-major.js';
import type { TrainingModel } from './training-model.js';

/**
 * Everything that changes during training, each kind in one long vector, the tensors being windows on it: onnxruntime
 * reads weights from there and writes gradients there, so nothing is copied between steps.
 */
export interface TrainingTensors extends AdamWVectors {
  readonly ranges: readonly GroupRange[];
  /** Running statistics of the batch norms that take the batch's, in the order of the layers. */
  readonly runningMean: Float32Array;
  readonly runningVariance: Float32Array;
  /** The window of each trained tensor, in the order of its elements that the graph has. */
  weightOf(tensor: TrainedTensor): Float32Array;
  gradientOf(tensor: TrainedTensor): Float32Array;
  /** The last gradients, as weights are stored. */
  storedGradients(): ReadonlyMap<string, Float32Array>;
  /** A copy of everything. */
  state(step: number): TrainerState;
}

export function trainingTensors(
  { network: { architecture, tensors }, resume }: TrainerOptions,
  { plan, tapMajor }: Pick<TrainingModel, 'plan' | 'tapMajor'>,
): TrainingTensors {
  const { length, ranges, places } = parameterPlaces(plan);
  const vector = (): Float32Array => new Float32Array(length);
  const vectors = { values: vector(), gradients: vector(), expAvg: vector(), expAvgSq: vector() };
  const norms = architecture.layers.filter((layer): layer is BatchNormLayer => plan.batchStatistics(layer));
  const channels = norms.reduce((sum, norm) => sum + norm.channels, 0);
  const running = { mean: new Float32Array(channels), var: new Float32Array(channels) };
  const normPlaces = new Map<string, readonly [part: 'mean' | 'var', begin: number, end: number]>();
  let begin = 0;
  for (const { name, channels: width } of norms) {
    normPlaces.set(`${name}.running_mean`, ['mean', begin, begin + width]).set(`${name}.running_var`, ['var', begin, begin + width]);
    begin += width;
  }
  const current = resume?.tensors ?? tensors;
  const taken = (name: string, { shape, data }: Tensor): Float32Array => (tapMajor.has(name) ? toTapMajor(data, shape) : data);
  const stored = (name: string, shape: readonly number[], vector: Float32Array): Float32Array => {
    const window = vector.subarray(...places.get(name)!);
    return tapMajor.has(name) ? fromTapMajor(window, shape) : window.slice();
  };
  for (const [name, [begin]] of places) {
    vectors.values.set(taken(name, current.get(name)!), begin);
    if (!resume) continue;
    vectors.expAvg.set(taken(name, resume.optimizer.get(`${name}.expAvg`)!), begin);
    vectors.expAvgSq.set(taken(name, resume.optimizer.get(`${name}.expAvgSq`)!), begin);
  }
  for (const [name, [part, from]] of normPlaces) running[part].set(current.get(name)!.data, from);
  return {
    ...vectors,
    ranges,
    runningMean: running.mean,
    runningVariance: running.var,
    weightOf: ({ name }) => vectors.values.subarray(...places.get(name)!),
    storedGradients: () => new Map(plan.trained.map(({ name, shape }) => [name, stored(name, shape, vectors.gradients)])),
    gradientOf: ({ name }) => vectors.gradients.subarray(...places.get(name)!),
    state: (step) => ({
      step,
      tensors: new Map(
        [...tensors].map(([name, { shape, data }]): [string, Tensor] => {
          const norm = normPlaces.get(name);
          return [
            name,
            {
              shape,
              data: places.has(name) ? stored(name, shape, vectors.values) : norm ? running[norm[0]].slice(norm[1], norm[2]) : data.slice(),
            },
          ];
        }),
      ),
      optimizer: new Map(
        plan.trained.flatMap(({ name, shape }) =>
          (['expAvg', 'expAvgSq'] as const).map((part): [string, Tensor] => [
            `${name}.${part}`,
            { shape, data: stored(name, shape, vectors[part]) },
          ]),
        ),
      ),
    }),
  };
}
