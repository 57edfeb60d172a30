import { createHash } from 'node:crypto';
import { modelReferenceSchema, type ModelReference } from '../evaluation/drift/reference.js';
import type { EvaluationReport } from '../evaluation/report/evaluation-report.js';
import { Fault } from '../errors.js';
import type { ArchitectureSpec } from '../network/architecture-spec.js';
import type { ForeignGraph } from '../network/foreign-graph.js';
import { isForeignGraph } from '../network/loadable-network.js';
import { writeSafetensors, type Tensor, type Tensors } from '../network/safetensors.js';
import { modelFileSchema, type Adopted, type InputSpecification, type ModelFile, type NetworkFile } from './model-file.js';
import { lineageSchema, type Lineage } from './lineage.js';
import type { ModelVersion } from './model-version.js';

interface CandidateRules {
  readonly input: InputSpecification;
  readonly occlusionMaps?: true;
  /** `several` if not given. */
  readonly objective?: 'one-of-many' | 'several';
  readonly outputs: NetworkFile['outputs'];
  /** The training images' embeddings; evaluation/feature-gate.ts makes it. Absent: no feature guard was fitted. */
  readonly gate?: { readonly mean: Float32Array; readonly precision: Float32Array; readonly maxDistance: number };
  readonly study?: NonNullable<NetworkFile['study']>;
}

/** A network of this program's layers, as training leaves it. */
export interface CandidateLayers extends CandidateRules {
  readonly architecture: ArchitectureSpec;
  /** Under torchvision's names, without the gate's. */
  readonly tensors: Tensors;
  /** Stores weights and the guard's matrix in 16 bits (network/safetensors.ts): half the size. 32 bits if not given. */
  readonly halfPrecision?: boolean;
}

/** A network in a format of others. */
export interface CandidateGraph extends CandidateRules {
  readonly graph: ForeignGraph;
}

export type CandidateNetwork = CandidateLayers | CandidateGraph;

/** An unchanged network of a version in the registry: retraining on X-rays keeps the CT network. */
export interface KeptNetwork {
  readonly keptFrom: ModelVersion;
}

/** Everything that becomes a version. */
export interface Candidate {
  readonly name: string;
  readonly manufacturer: string;
  /** YYYY-MM-DD */
  readonly created: string;
  readonly license: string;
  readonly networks: { readonly xray?: CandidateNetwork | KeptNetwork; readonly ct?: CandidateNetwork | KeptNetwork };
  readonly lineage: Lineage;
  readonly adopted?: Adopted;
  /** What the network sees of an example, as a PNG file. */
  readonly inputPicture?: Uint8Array;
  /** Markdown. */
  readonly card: string;
  /** Of the validation split, by network. */
  readonly metrics?: Readonly<Record<string, EvaluationReport>>;
  /** What the images looked like that it was trained on, by network. */
  readonly reference?: ModelReference['networks'];
  /** What model.json shows. */
  readonly figures?: Readonly<Record<string, unknown>>;
}

/** File name → content of a version's folder. */
export type VersionFiles = ReadonlyMap<string, string | Uint8Array>;

/**
 * The files of a candidate.
 *
 * @throws Fault 'model-invalid' if they would not make a model
 */
export function filesOfCandidate(candidate: Candidate): { readonly file: ModelFile; readonly files: VersionFiles } {
  const files = new Map<string, string | Uint8Array>();
  const networks: Record<string, NetworkFile> = {};
  for (const kind of ['xray', 'ct'] as const) {
    const network = candidate.networks[kind];
    if (!network) continue;
    const weights = `${kind}.safetensors`;
    const { entry, tensors, graph } = 'keptFrom' in network ? kept(network.keptFrom, kind) : fresh(network);
    graph?.files.forEach((content, name) => files.set(name, content));
    if (tensors.size === 0) networks[kind] = entry;
    else {
      const bytes =
        'keptFrom' in network
          ? keptBytes(tensors, network.keptFrom, kind)
          : writeSafetensors(tensors, { halfPrecision: 'halfPrecision' in network && network.halfPrecision === true });
      files.set(weights, bytes);
      networks[kind] = { ...entry, weights, sha256: sha256Of(bytes) };
    }
  }
  const { name, manufacturer, created, license, figures = {}, adopted } = candidate;
  const card = sha256Of(candidate.card);
  const parsed = modelFileSchema.safeParse({
    name,
    manufacturer,
    created,
    license,
    ...(adopted ? { adopted } : {}),
    card,
    networks,
    figures,
  });
  if (!parsed.success)
    throw new Fault(
      'model-invalid',
      parsed.error.issues
        .slice(0, 5)
        .map(({ path, message }) => `${path.join('.')}: ${message}`)
        .join('; '),
      { source: 'model.json of the candidate' },
    );
  files.set('model.json', json(parsed.data));
  files.set('lineage.json', json(lineageSchema.parse(candidate.lineage)));
  files.set('CARD.md', candidate.card);
  if (candidate.inputPicture) files.set('network-input.png', candidate.inputPicture);
  const reference = referenceOf(candidate);
  if (Object.keys(reference).length > 0)
    files.set('reference.json', `${JSON.stringify(modelReferenceSchema.parse({ format: 1, networks: reference }))}\n`);
  if (candidate.metrics) files.set('metrics.json', json(candidate.metrics));
  return { file: parsed.data, files };
}

/** The weights file of a kept network in the precision in which it was stored, so that it has the same checksum. */
function keptBytes(tensors: Tensors, { file }: ModelVersion, kind: 'xray' | 'ct'): Uint8Array {
  const single = writeSafetensors(tensors);
  const before = file.networks[kind]?.sha256;
  if (sha256Of(single) === before) return single;
  const half = writeSafetensors(tensors, { halfPrecision: true });
  return sha256Of(half) === before ? half : single;
}

/** An unchanged network keeps the record of what it was trained on. */
function referenceOf({ networks, reference = {} }: Candidate): ModelReference['networks'] {
  const ofKept = Object.entries(networks).flatMap(([kind, network]) => {
    const one = network && 'keptFrom' in network ? network.keptFrom.reference?.[kind as 'xray' | 'ct'] : undefined;
    return one ? [[kind, one] as const] : [];
  });
  return { ...Object.fromEntries(ofKept), ...reference };
}

interface Entry {
  readonly entry: Omit<NetworkFile, 'weights' | 'sha256'>;
  /** Of the weights file; none: there is no such file. */
  readonly tensors: Tensors;
  readonly graph?: ForeignGraph;
}

type GateTensors = NonNullable<CandidateNetwork['gate']>;

function fresh(network: CandidateNetwork): Entry {
  const { input, occlusionMaps, objective, outputs, gate, study } = network;
  const rules = {
    input,
    ...(occlusionMaps ? { occlusionMaps } : {}),
    ...(objective ? { objective } : {}),
    outputs,
    ...(gate ? { gate: { mean: 'gate.mean', precision: 'gate.precision', maxDistance: gate.maxDistance } } : {}),
    ...(study ? { study } : {}),
  };
  const own = gateTensors(gate);
  if (!('graph' in network))
    return { entry: { architecture: network.architecture, ...rules }, tensors: new Map([...network.tensors, ...own]) };
  const { graph } = network;
  return { entry: { graph: graphFile(graph), ...rules }, tensors: new Map([...headTensors(graph), ...own]), graph };
}

type ClassActivationFile = NonNullable<NonNullable<NetworkFile['graph']>['classActivation']>;

const headWeightsName = 'class-activation.weight';

function graphFile({
  format,
  main,
  files,
  input,
  output,
  outputs,
  embedding,
  classActivation,
}: ForeignGraph): NonNullable<NetworkFile['graph']> {
  return {
    format,
    main,
    files: [...files].map(([name, content]) => ({ name, sha256: sha256Of(content) })),
    input,
    output,
    outputs,
    ...(embedding ? { embedding } : {}),
    ...(classActivation ? { classActivation: classActivationFile(classActivation) } : {}),
  };
}

function classActivationFile({ featureMap, channels, layout }: NonNullable<ForeignGraph['classActivation']>): ClassActivationFile {
  return { featureMap, headWeights: headWeightsName, channels, ...(layout ? { layout } : {}) };
}

function headTensors({ classActivation, outputs }: ForeignGraph): readonly (readonly [string, Tensor])[] {
  if (!classActivation) return [];
  return [[headWeightsName, { shape: [outputs, classActivation.channels], data: classActivation.headWeights }]];
}

function gateTensors(gate: Pick<GateTensors, 'mean' | 'precision'> | undefined): readonly (readonly [string, Tensor])[] {
  if (!gate) return [];
  const features = gate.mean.length;
  return [
    ['gate.mean', { shape: [features], data: gate.mean }],
    ['gate.precision', { shape: [features, features], data: gate.precision }],
  ];
}

/** Its tensors have the names that model.json gave them, so that the version's network stays the same. */
function kept({ file, networks, version }: ModelVersion, kind: 'xray' | 'ct'): Entry {
  const given = file.networks[kind];
  const served = networks[kind];
  if (!given || !served) throw new Fault('model-invalid', `expected a network for ${kind} in version ${version}, found none`);
  const { weights: _weights, sha256: _sha256, ...entry } = given;
  const { network, gate } = served;
  const named = gateTensors(gate).map(([, tensor], index) => [[entry.gate!.mean, entry.gate!.precision][index]!, tensor] as const);
  if (!isForeignGraph(network)) return { entry, tensors: new Map([...network.tensors, ...named]) };
  const head = headTensors(network).map(([, tensor]) => [entry.graph!.classActivation!.headWeights, tensor] as const);
  return { entry, tensors: new Map([...head, ...named]), graph: network };
}

function sha256Of(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
