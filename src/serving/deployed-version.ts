import { loadModelVersion, type ModelVersion } from '../registry/model-version.js';
import type { Registry } from '../registry/registry.js';

/** Files of the version that this process uses: in the registry, or in the shipped folder if the registry cannot be written. */
export async function deployedVersion(
  registry: Pick<Registry, 'versions' | 'load'>,
  version: string,
  shipped: string,
): Promise<ModelVersion> {
  return (await registry.versions()).includes(version) ? registry.load(version) : loadModelVersion(shipped);
}
