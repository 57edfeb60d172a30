import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../errors.js';
import type { FeatureGateRule } from '../evaluation/rules.js';
import { isForeignGraph } from '../network/loadable-network.js';
import type { Candidate, CandidateNetwork } from './candidate.js';
import type { Lineage } from './lineage.js';
import type { NetworkFile } from './model-file.js';
import type { ModelVersion } from './model-version.js';

/** What is fitted at the hospital after a model was adopted; the weights stay as they are. */
export interface Revision {
  readonly gate?: FeatureGateRule;
  readonly outputs?: NetworkFile['outputs'];
  /** Name in `figures` of model.json and what stands there: `guard`, `calibration`. */
  readonly record: { readonly name: string; readonly content: Readonly<Record<string, unknown>> };
  /** A paragraph for CARD.md. */
  readonly paragraph: string;
  /** YYYY-MM-DD */
  readonly created: string;
  readonly codeVersion: string;
  readonly engine: string;
}

/**
 * The candidate of a new version with the same weights and another guard or other output rules. It keeps lineage, reference, origin
 * and picture of the version; figures that were measured with the former thresholds are not kept with other outputs.
 *
 * @throws Fault 'model-invalid' if the version has no such network
 */
export async function revisedCandidate(version: ModelVersion, kind: 'xray' | 'ct', revision: Revision): Promise<Candidate> {
  const { networks, file, name, manufacturer, license, card, figures, reference } = version;
  const other = kind === 'xray' ? 'ct' : 'xray';
  const inputPicture = await readFile(join(version.directory, 'network-input.png')).catch(() => undefined);
  return {
    name,
    manufacturer,
    license,
    created: revision.created,
    networks: { [kind]: revisedNetwork(version, kind, revision), ...(networks[other] ? { [other]: { keptFrom: version } } : {}) },
    lineage: revisedLineage(version, kind, revision),
    ...(file.adopted ? { adopted: file.adopted } : {}),
    ...(inputPicture ? { inputPicture } : {}),
    card: `${card.trimEnd()}\n\n${revision.paragraph}\n`,
    ...(reference ? { reference } : {}),
    figures: { ...figures, [revision.record.name]: { ...recordsOf(figures, revision), [kind]: revision.record.content } },
  };
}

function recordsOf(figures: ModelVersion['figures'], { record: { name } }: Revision): Readonly<Record<string, unknown>> {
  const known = figures[name];
  return typeof known === 'object' && known !== null ? (known as Readonly<Record<string, unknown>>) : {};
}

function revisedNetwork({ networks, file, version }: ModelVersion, kind: 'xray' | 'ct', { gate, outputs }: Revision): CandidateNetwork {
  const served = networks[kind];
  const entry = file.networks[kind];
  if (!served || !entry) throw new Fault('model-invalid', `expected a network for ${kind} in version ${version}, found none`);
  const { network } = served;
  const rules = {
    input: entry.input,
    ...(entry.occlusionMaps ? { occlusionMaps: entry.occlusionMaps } : {}),
    ...(entry.objective ? { objective: entry.objective } : {}),
    outputs: outputs ?? entry.outputs,
    ...((gate ?? served.gate) ? { gate: gate ?? served.gate! } : {}),
    ...(entry.study ? { study: entry.study } : {}),
  };
  return isForeignGraph(network) ? { graph: network, ...rules } : { architecture: entry.architecture!, tensors: network.tensors, ...rules };
}

/** Of a model without lineage that nothing was trained here on it. */
function revisedLineage({ version, lineage }: ModelVersion, kind: 'xray' | 'ct', revision: Revision): Lineage {
  const { record, codeVersion, engine } = revision;
  const known: Omit<Lineage, 'parent'> = lineage ?? {
    dataset: { name: 'none: the weights were not trained here', images: 0, patients: 0, splits: {}, sources: {} },
    settings: {},
    seed: 0,
    engine,
    codeVersion,
  };
  return { ...known, parent: version, settings: { ...known.settings, [record.name]: { network: kind, ...record.content } } };
}
