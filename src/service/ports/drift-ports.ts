import { agreedLabelsOf } from '../../assessments/agreed-labels.js';
import { defaultLine } from '../../lib/model-line.js';
import type { Log } from '../../log.js';
import type { DriftPorts } from '../../monitoring/ports.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { deployedVersion } from '../../serving/deployed-version.js';
import type { Store } from '../../store/store.js';
import type { OpenedLine } from '../open-lines.js';

/** What the drift check of each line needs: its settings, its studies and alarms, its champion. Readers' labels are shared. */
export function driftPortsOf(lines: ReadonlyMap<string, OpenedLine>, { labels }: Pick<Store, 'labels'>, log: Log): readonly DriftPorts[] {
  return [...lines.values()].map((line) => ({
    config: { drift: line.settings.drift },
    store: line.store,
    agreedLabelsOf: (studies) => agreedLabelsOf(studies, labels),
    champion: () => championOf(line),
    log,
  }));
}

async function championOf({ settings: { name, directory }, registry, serving }: OpenedLine): Promise<ModelVersion | undefined> {
  const version = serving.champion()?.version;
  if (version === undefined) return undefined;
  return name === defaultLine ? deployedVersion(registry, version, directory!) : registry.load(version);
}
