import { Fault } from '../errors.js';
import type { ForeignGraph } from './foreign-graph.js';
import type { NetworkWithWeights } from './network-with-weights.js';

/** What an engine computes: a network of this program's layers, or a graph in a format of others. Only a graph has a `format`. */
export type LoadableNetwork = NetworkWithWeights | ForeignGraph;

export function isForeignGraph(network: LoadableNetwork): network is ForeignGraph {
  return 'format' in network;
}

/**
 * The network where only one of this program's layers will do.
 *
 * @param use what it is needed for, for the message: `training all layers`
 * @throws Fault 'model-invalid' of a foreign graph
 */
export function knownNetwork(network: LoadableNetwork, use: string): NetworkWithWeights {
  if (!isForeignGraph(network)) return network;
  throw new Fault('model-invalid', `${use}: expected a network of a known architecture, found a graph of the format ${network.format}`);
}

/** For messages: `resnet basic [3,4,6,3]`, `graph (onnx)`. */
export function nameOfNetwork(network: LoadableNetwork): string {
  return isForeignGraph(network) ? `graph (${network.format})` : network.architecture.name;
}

/** Width of the embedding; 0 if the network gives none. */
export function featuresOfNetwork(network: LoadableNetwork): number {
  return isForeignGraph(network) ? (network.embedding?.features ?? 0) : network.architecture.features;
}
