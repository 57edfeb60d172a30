import type { ForeignGraph } from '../../network/foreign-graph.js';
import type { Prediction } from '../engine.js';
import { checkOutputs, type ForeignDraft, type ForeignModel, type ForeignOptions } from './foreign-options.js';
import type { ForeignRequests } from './foreign-runtime.js';
import { trialPictures } from './trial-pictures.js';

/** Above this a picture's scores differ from what they are beside another picture; onnxruntime's kernels for a batch differ by 1e-6. */
const tolerance = 1e-3;

/**
 * Loads a graph and has it predict phantoms: a graph that does not compute, that computes something else for the same picture, or whose
 * scores are no scores, is refused. What the file left open is known afterwards.
 *
 * @throws Error with one sentence
 */
export async function tryGraph(requests: ForeignRequests, draft: ForeignDraft, options: ForeignOptions): Promise<ForeignModel> {
  const { graph, single } = await loadAndPredict(requests, draft, options);
  const { name } = graph.output;
  const { outputs } = single;
  if (graph.outputs !== undefined && graph.outputs !== outputs)
    throw new Error(`output ${name}: expected ${graph.outputs} scores, as its head has, found ${outputs}`);
  checkOutputs(name, outputs, options);
  checkFinite(single, graph.output);
  const again = await requests.predict(trialPictures(draft.input, 1));
  if (differ(single.logits, again.logits))
    throw new Error(
      `output ${name}: expected the same scores for the same picture, found others; export the model for inference (model.eval()), without dropout`,
    );
  const both = await requests.predict(trialPictures(draft.input, 2));
  checkFinite(both, graph.output);
  if (differ(single.logits, both.logits.subarray(0, outputs)))
    throw new Error(
      `output ${name}: expected scores that do not depend on the other pictures of a batch, found some that do; export the model for inference (model.eval())`,
    );
  if (both.logits.subarray(0, outputs).every((value, index) => value === both.logits[outputs + index]))
    throw new Error(
      `output ${name}: expected other scores for another picture, found the same; export the model again from trained weights`,
    );
  const { activation, exclusive, messages } = activationOf(draft, both, options);
  const features = graph.embedding ? single.features : 0;
  const { embedding: _, ...rest } = graph;
  return {
    graph: {
      ...rest,
      output: { name, activation },
      outputs,
      ...(graph.embedding && features > 0 ? { embedding: { name: graph.embedding.name, features } } : {}),
    },
    input: draft.input,
    objective: exclusive ? 'one-of-many' : 'several',
    ...(draft.labels ? labelsFor(draft.labels, outputs) : {}),
    messages: [...draft.messages, ...messages, ...describeParts(draft, graph, outputs)],
  };
}

/** Without embedding or feature map if a graph does not yield them as they were found; one that was named has to be there. */
async function loadAndPredict(
  requests: ForeignRequests,
  { graph, input }: ForeignDraft,
  { embedding: named }: ForeignOptions,
): Promise<{ readonly graph: ForeignDraft['graph']; readonly single: Prediction }> {
  const { embedding, classActivation, ...bare } = graph;
  const attempts = [graph, { ...bare, ...(embedding ? { embedding } : {}) }, bare];
  for (const [index, attempt] of attempts.entries())
    try {
      await requests.load({ ...attempt, outputs: attempt.outputs ?? 0 } as ForeignGraph);
      return { graph: attempt, single: await requests.predict(trialPictures(input, 1)) };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const optional = /feature map |embedding /.test(message) && (index === 0 ? classActivation !== undefined : named === undefined);
      if (requests.ended || !optional || index === attempts.length - 1) throw error;
    }
  throw new Error('the graph does not compute');
}

function checkFinite({ logits, embedding, activationMaps }: Prediction, { name, activation }: ForeignGraph['output']): void {
  if (logits.every(Number.isFinite) && embedding.every(Number.isFinite) && activationMaps.every(Number.isFinite)) return;
  throw new Error(
    activation === 'none'
      ? `output ${name}: expected finite scores for a phantom, found some that are not; export the model again from sound weights`
      : `output ${name}: expected probabilities of 0 to 1 after ${activation}, found other values; set --activation none if it yields scores`,
  );
}

function differ(one: Float32Array, other: Float32Array): boolean {
  const largest = one.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  return one.length !== other.length || one.some((value, index) => Math.abs(value - other[index]!) > tolerance * largest);
}

/** What the file calls scores may be probabilities all the same, and what it calls a softmax may not add up to 1. */
function activationOf(
  { graph, exclusive }: ForeignDraft,
  { logits, outputs }: Prediction,
  { activation: given }: ForeignOptions,
): { readonly activation: ForeignGraph['output']['activation']; readonly exclusive: boolean; readonly messages: readonly string[] } {
  const { name, activation } = graph.output;
  const sums = (of: (value: number) => number): boolean =>
    Array.from({ length: logits.length / outputs }, (_, row) =>
      logits.subarray(row * outputs, (row + 1) * outputs).reduce((sum, value) => sum + of(value), 0),
    ).every((sum) => Math.abs(sum - 1) < 1e-3);
  if (activation === 'softmax' && !sums(Math.exp))
    throw new Error(
      `output ${name}: expected probabilities that add up to 1 after softmax, found others; set --activation sigmoid or none`,
    );
  if (activation !== 'none' || given !== undefined) return { activation, exclusive, messages: [] };
  const within = logits.every((value) => value >= 0 && value <= 1);
  if (within && outputs > 1 && sums((value) => value))
    return {
      activation: 'softmax',
      exclusive: true,
      messages: [`Output ${name} adds up to 1 for every phantom: taken as the probabilities of a softmax.`],
    };
  const message = within
    ? `Output ${name} is between 0 and 1 for every phantom, but its graph ends without sigmoid: taken as logits; set --activation sigmoid if it yields probabilities.`
    : exclusive
      ? `Output ${name} is the logarithm of a softmax.`
      : `Output ${name} yields logits: each is taken as a finding of its own (sigmoid); set --objective one-of-many if they exclude each other.`;
  return { activation, exclusive, messages: [message] };
}

function labelsFor(labels: readonly string[], outputs: number): { readonly labels?: readonly string[] } {
  if (labels.length !== outputs)
    throw new Error(
      `expected ${outputs} labels, one for each output, found ${labels.length}; correct the labels of the model or remove them`,
    );
  return { labels };
}

function describeParts(
  { input: { width, height, channels }, graph: { input } }: ForeignDraft,
  { output, embedding, classActivation }: ForeignDraft['graph'],
  outputs: number,
): readonly string[] {
  return [
    `Input ${input.name}: ${channels} × ${height} × ${width} ${input.layout}; output ${output.name}: ${outputs} ${outputs === 1 ? 'score' : 'scores'}.`,
    embedding
      ? `Embedding: ${embedding.name}.`
      : 'No embedding was found: a feature guard and retraining need one, named with --embedding.',
    classActivation
      ? `Class activation maps: from ${classActivation.featureMap}.`
      : 'No feature map with a linear head was found: findings are shown without a region, unless occlusion maps are requested.',
  ];
}
