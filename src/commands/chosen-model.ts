import { stat } from 'node:fs/promises';
import { registryOf } from '../service/open-registry.js';
import { modelLine, type Config } from '../config.js';
import { Fault } from '../errors.js';
import { defaultLine } from '../lib/model-line.js';
import { loadModelVersion, type ModelVersion } from '../registry/model-version.js';

export { registryOf };

/**
 * A model by `champion`, `challenger`, the beginning of a version that only one has, or a folder. `champion` of a registry that
 * was never used is the shipped model.
 *
 * @param line model line
 * @throws Fault 'request-invalid' (no such line), 'model-unknown', 'model-invalid'
 */
export async function chosenModel(name: string, config: Config, line: string = defaultLine): Promise<ModelVersion> {
  const { directory } = modelLine(config, line);
  const registry = registryOf(config, line);
  const aliases = await registry.aliases();
  if (name === 'champion') {
    if (aliases) return registry.load(aliases.champion);
    if (directory === undefined) throw new Fault('model-unknown', `expected a champion of the model line ${line}, found none`);
    return loadModelVersion(directory);
  }
  if (name === 'challenger') {
    if (!aliases?.challenger) throw new Fault('model-unknown', 'expected a challenger, found none');
    return registry.load(aliases.challenger);
  }
  const versions = await registry.versions();
  const [found, another] = versions.filter((version) => version.startsWith(name.toLowerCase()));
  if (found && another) throw new Fault('model-unknown', `expected the beginning of one version, found that of ${found} and ${another}`);
  if (found) return registry.load(found);
  const isFolder = await stat(name).then(
    (one) => one.isDirectory(),
    () => false,
  );
  if (isFolder) return loadModelVersion(name);
  throw new Fault(
    'model-unknown',
    `expected champion, challenger, a folder or one of ${versions.length} versions (\`models list\` shows them), found ${name}`,
  );
}
