import { modelLinesOf, type Config } from '../config.js';
import { Fault } from '../errors.js';
import { defaultLine } from '../lib/model-line.js';
import type { Log } from '../log.js';
import { loadModelVersion, type ModelVersion } from '../registry/model-version.js';
import { loadOntoEngine } from '../serving/model-serving.js';
import type { LineModel, StudyModels, UnavailableLine } from '../serving/study-models.js';
import type { Analyser } from './open-analyser.js';
import { registryOf } from './open-registry.js';

/**
 * The champions of all model lines for a command that analyses files, the default line's as the analyser has it. They leave memory
 * with the analyser's engine. A line whose champion cannot be loaded is named by the reports.
 *
 * @returns also the versions of these models
 */
export async function openFileModels(
  config: Config,
  analyser: Analyser,
  log: Log,
): Promise<StudyModels & { readonly versions: readonly ModelVersion[] }> {
  const models: LineModel[] = [];
  const versions = [analyser.version];
  const unavailable: UnavailableLine[] = [];
  for (const line of modelLinesOf(config)) {
    const { name, directory } = line;
    if (name === defaultLine) {
      models.push({ line: name, model: analyser.model, reader: analyser.reader });
      continue;
    }
    const registry = registryOf(config, name);
    const champion = (await registry.aliases())?.champion;
    if (champion === undefined && directory === undefined) continue;
    try {
      const version = await (champion === undefined ? loadModelVersion(directory!) : registry.load(champion));
      const model = await loadOntoEngine(version, analyser.engine, analyser.findings, line);
      versions.push(version);
      models.push({
        line: name,
        model,
        reader: analyser.reader.forSizes({ xray: version.networks.xray?.input, ct: version.networks.ct?.input }),
      });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      unavailable.push({ line: name, version: champion ?? 'of the setting models', code: error.code });
      log.warn('the model of a line cannot be loaded', { line: name, code: error.code, detail: error.detail });
    }
  }
  return { models, unavailable, versions };
}
