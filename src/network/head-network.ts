import { networkInputName, type Architecture, type LayerNode } from './architecture.js';

/**
 * The layers after the embedding as a network of their own: it reads embeddings as images of one pixel and `features` channels. Its
 * tensors have the names that they have in the whole network.
 */
export function headNetwork(architecture: Architecture): Architecture {
  const { layers, embedding, features } = architecture;
  const start = layers.findIndex(({ name }) => name === embedding) + 1;
  if (start === 0) throw new RangeError(`expected a layer ${embedding}, found none`);
  // the mean over one pixel is the pixel
  const entry: LayerNode = { kind: 'global-average-pool', name: embedding, input: networkInputName };
  return {
    ...architecture,
    name: `head of ${architecture.name}`,
    inputChannels: features,
    layers: [entry, ...layers.slice(start)],
    featureMap: networkInputName,
  };
}
