import { Fault } from '../errors.js';
import type { Log } from '../log.js';
import { loadModelVersion, type ModelVersion } from '../registry/model-version.js';
import type { Registry } from '../registry/registry.js';

/**
 * The model to start with. The first start takes the shipped model (`model.directory`) into the registry as champion; as long as
 * nothing was promoted, another configured folder takes its place, as a release brings another starter. After the first
 * promotion the registry alone decides.
 */
export async function startingModel(directory: string, registry: Registry, log: Log): Promise<ModelVersion> {
  const aliases = await registry.aliases();
  const promoted = (await registry.history()).some(({ action }) => action === 'promote');
  if (aliases && promoted) return registry.load(aliases.champion);
  const configured = await loadModelVersion(directory);
  if (configured.version === aliases?.champion) return registry.load(configured.version);
  try {
    await registry.importFolder(directory);
    await registry.putFirst(configured.version, {
      by: 'service',
      why: aliases ? 'the configured model is another one' : 'first start',
      at: new Date(),
    });
    return await registry.load(configured.version);
  } catch (error) {
    // Another process that starts at the same time put the same model first.
    if (error instanceof Fault && error.code === 'aliases-changed') return startingModel(directory, registry, log);
    if (error instanceof Fault && error.code !== 'disk-full') throw error;
    log.warn('the registry cannot be written; the configured model serves, and none can be promoted', {
      reason: error instanceof Error ? error.message : String(error),
    });
    return configured;
  }
}
