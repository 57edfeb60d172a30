import type { Candidate } from '../../src/registry/candidate.js';
import type { ModelVersion } from '../../src/registry/model-version.js';
import { knownNetwork } from '../../src/network/loadable-network.js';

/**
 * The starter's weights as another version, as a retraining run would produce it.
 *
 * @param created makes the version
 * @param size of the X-ray network's input, if another
 * @param finding name of its first finding, if another
 */
export function changedStarter(starter: ModelVersion, created: string, size?: number, finding?: string): Candidate {
  const xray = starter.networks.xray!;
  const { architecture, input, outputs } = starter.file.networks.xray!;
  return {
    name: starter.name,
    manufacturer: starter.manufacturer,
    created,
    license: starter.license,
    networks: {
      xray: {
        architecture: architecture!,
        tensors: knownNetwork(xray.network, 'test').tensors,
        input: { ...input, ...(size ? { width: size, height: size } : {}) },
        outputs: outputs.map((output, index) => (index === 0 && finding ? { ...output, name: finding } : output)),
        gate: xray.gate!,
      },
      ct: { keptFrom: starter },
    },
    lineage: {
      parent: starter.version,
      dataset: { name: 'none', images: 0, patients: 0, splits: {}, sources: {} },
      settings: {},
      seed: 1,
      engine: 'none',
      codeVersion: '0',
    },
    card: '# A version of a test',
  };
}
