import type { ArchitectureCandidate } from '../network/detect-architecture.js';
import { torchvisionNames } from '../network/published-names.js';

/**
 * A DenseNet under torchvision's names whose blocks have other numbers of layers than the published ones, as people make them for small
 * data sets; growth 32 and a stem of 64 channels are required, which the check of the weights finds out.
 *
 * @param shapes of the tensors by name
 */
export function unusualDensenet(shapes: ReadonlyMap<string, readonly number[]>): ArchitectureCandidate | undefined {
  const names = torchvisionNames(shapes.keys());
  const own = new Map([...names].flatMap(([name, known]) => (known === undefined ? [] : [[known, shapes.get(name)!] as const])));
  const inputChannels = own.get('features.conv0.weight')?.[1];
  const outputs = own.get('classifier.weight')?.[0];
  const layers: number[] = [];
  for (const name of own.keys()) {
    const [, block, layer] = /^features\.denseblock(\d)\.denselayer(\d{1,2})\.norm1\.weight$/.exec(name) ?? [];
    if (block !== undefined) layers[Number(block) - 1] = Math.max(layers[Number(block) - 1] ?? 0, Number(layer));
  }
  if (inputChannels === undefined || outputs === undefined || layers.length === 0 || Object.keys(layers).length !== layers.length)
    return undefined;
  return {
    name: 'densenet',
    spec: { family: 'densenet', layers, inputChannels, outputs, head: 'torchvision' },
    scheme: 'torchvision',
    names,
    zeros: [],
  };
}
