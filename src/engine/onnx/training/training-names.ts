import { networkInputName } from '../../../network/architecture.js';

/** Names of the inputs and outputs of a training graph, besides the masks of dropout (see dropoutInput). */
export const trainingNames = {
  input: networkInputName,
  positive: 'positive',
  negative: 'negative',
  loss: 'loss',
  logits: 'logits',
  /** Of the batch norms that use the batch's statistics, one after the other. */
  means: 'batchMeans',
  variances: 'batchVariances',
  gradient: (tensor: string) => `gradient:${tensor}`,
} as const;
