import { basename, extname } from 'node:path';
import { readFile, stat } from 'node:fs/promises';
import { Fault } from '../errors.js';
import { nameOfNetwork } from '../network/loadable-network.js';
import { architectureOf } from '../network/architecture-spec.js';
import { drawNetworkInput } from '../pixels/input-picture.js';
import type { Candidate, CandidateNetwork } from '../registry/candidate.js';
import type { Adopted, InputSpecification } from '../registry/model-file.js';
import { adoptionCard } from './adoption-card.js';
import { codedOutputs } from './coded-outputs.js';
import { examplePicture } from './example-picture.js';
import { inputOfOptions, presetOf } from './input-options.js';
import { readSource } from './read-source.js';
import type { AdoptOptions, AdoptPorts, ReadSource } from './source-request.js';

export interface AdoptedCandidate {
  readonly candidate: Candidate;
  readonly network: CandidateNetwork;
  /** What was read, mapped and left out, a line each. */
  readonly messages: readonly string[];
}

/**
 * A classifier of others as a candidate for the registry: its network, its preprocessing as data, its outputs as findings, and its card.
 *
 * @param source a published name, a file or a folder
 * @throws Fault 'model-invalid', 'request-invalid' with one sentence; nothing is left behind
 */
export async function adoptModel(source: string, options: AdoptOptions, ports: AdoptPorts): Promise<AdoptedCandidate> {
  // a mistake in the options is told before a large file is read
  presetOf(options.preset);
  const read = await readSource(source, options, ports);
  const input = inputOf(read, options);
  const labels = await labelsOf(read, options);
  const { outputs, messages } = codedOutputs({
    count: read.outputs,
    labels,
    operatingPoints: labels === read.labels ? read.operatingPoints : undefined,
    map: options.map,
    findings: ports.findings,
  });
  const objective = objectiveOf(read, options);
  const network: CandidateNetwork = {
    ...read.network,
    input,
    objective,
    outputs,
    ...(options.occlusion ? { occlusionMaps: true as const } : {}),
    ...(options.kind === 'ct' ? { study: { slices: 16, combine: 'mean-of-top' as const, top: 4 } } : {}),
  };
  const adopted = adoptedOf(read, options, ports);
  const name = (options.name ?? nameOf(read.from)).slice(0, 64);
  const created = ports.now.toISOString().slice(0, 10);
  const license = options.license ?? read.license ?? 'not stated: ask its publisher; not for diagnosis';
  const description = 'graph' in read.network ? nameOfNetwork(read.network.graph) : architectureOf(read.network.architecture).name;
  const candidate: Candidate = {
    name,
    manufacturer: (adopted.publisher ?? 'unknown publisher').slice(0, 64),
    created,
    license,
    networks: { [options.kind]: network },
    lineage: {
      parent: null,
      startedFrom: `${adopted.from} (sha256 ${adopted.sha256.slice(0, 12)})`,
      dataset: { name: 'not known here: trained by its publisher', images: 0, patients: 0, splits: {}, sources: {} },
      settings: { adopted: { format: adopted.format, preset: adopted.preset ?? null } },
      seed: 0,
      engine: 'none: not trained here',
      codeVersion: ports.codeVersion,
    },
    adopted,
    inputPicture: await drawNetworkInput(examplePicture(options.kind, input), input),
    card: adoptionCard({
      name,
      created,
      license,
      adopted,
      kind: options.kind,
      description,
      network,
      messages: [...read.messages, ...messages],
    }),
  };
  return { candidate, network, messages: [...read.messages, ...messages] };
}

/** The preprocessing of the source itself, unless an option states it. */
function inputOf(read: ReadSource, options: AdoptOptions): InputSpecification {
  const { preset, size, range, imageRange, mean, normalization, fit, resize } = options;
  const stated = [preset, size, range, imageRange, mean, normalization, fit, resize].some((one) => one !== undefined);
  if (read.input && !stated) return read.input;
  return inputOfOptions({ ...options, preset: preset ?? read.preset }, read.size);
}

/** Names separated by commas, or a text file with one a line. */
async function labelsOf(read: ReadSource, { labels }: AdoptOptions): Promise<readonly string[] | undefined> {
  if (labels === undefined) return read.labels;
  const isFile = await stat(labels).then(
    (one) => one.isFile() && one.size < 2 ** 20,
    () => false,
  );
  const lines = isFile ? (await readFile(labels, 'utf8')).trimEnd().split(/\r?\n/) : labels.split(',');
  return lines.map((one) => one.trim());
}

function objectiveOf(read: ReadSource, { objective }: AdoptOptions): 'several' | 'one-of-many' {
  if (objective === 'several' || objective === 'one-of-many') return objective;
  if (objective !== undefined) throw new Fault('request-invalid', `expected --objective several or one-of-many, found ${objective}`);
  const found = read.objective ?? (read.outputs === 1 ? 'several' : undefined);
  if (found) return found;
  throw new Fault(
    'request-invalid',
    'expected --objective several (a sigmoid for each output) or one-of-many (softmax): the file does not tell how its network was trained',
  );
}

function adoptedOf(read: ReadSource, options: AdoptOptions, { now }: AdoptPorts): Adopted {
  const preset = options.preset ?? read.preset;
  const publisher = options.publisher ?? read.publisher;
  return {
    from: read.from,
    format: read.format,
    sha256: read.sha256,
    at: now.toISOString(),
    ...(publisher === undefined ? {} : { publisher }),
    ...(preset === undefined ? {} : { preset }),
  };
}

function nameOf(from: string): string {
  return from.includes('/') ? from : basename(from, extname(from));
}
