import type { ForeignGraph } from '../../../network/foreign-graph.js';

/** What the end of a TensorFlow.js model tells; what is not found is absent. */
export interface TensorflowHead {
  readonly activation: ForeignGraph['output']['activation'];
  readonly outputs?: number;
  readonly embedding?: NonNullable<ForeignGraph['embedding']>;
  readonly classActivation?: NonNullable<ForeignGraph['classActivation']>;
}
