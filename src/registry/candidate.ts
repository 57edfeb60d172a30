import { createHash } from 'node:crypto';
import { modelReferenceSchema, type ModelReference } from '../evaluation/drift/reference.js';
import type { EvaluationReport } from '../evaluation/report/evaluation-report.js';
import { Fault } from '../errors.js';
import type { ArchitectureSpec } from '../network/architecture-spec.js';
import { writeSafetensors, type Tensors } from '../network/safetensors.js';
import { modelFileSchema, type InputSpecification, type ModelFile, type NetworkFile } from './model-file.js';
import { lineageSchema, type Lineage } from './lineage.js';
import type { ModelVersion } from './model-version.js';

/** A network as training leaves it. */
export interface CandidateNetwork {
  readonly architecture: ArchitectureSpec;
  /** Under torchvision's names, without the gate's. */
  readonly tensors: Tensors;
  readonly input: InputSpecification;
  /** `several` if not given. */
  readonly objective?: 'one-of-many' | 'several';
  readonly outputs: NetworkFile['outputs'];
  /** The training images' embeddings; evaluation/feature-gate.ts makes it. */
  readonly gate: { readonly mean: Float32Array; readonly precision: Float32Array; readonly maxDistance: number };
  readonly study?: NonNullable<NetworkFile['study']>;
}

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
    const { entry, tensors } = 'keptFrom' in network ? kept(network.keptFrom, kind) : fresh(network);
    const bytes = writeSafetensors(tensors);
    files.set(weights, bytes);
    networks[kind] = { ...entry, weights, sha256: createHash('sha256').update(bytes).digest('hex') };
  }
  const { name, manufacturer, created, license, figures = {} } = candidate;
  const card = createHash('sha256').update(candidate.card).digest('hex');
  const parsed = modelFileSchema.safeParse({ name, manufacturer, created, license, card, networks, figures });
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
  const reference = referenceOf(candidate);
  if (Object.keys(reference).length > 0)
    files.set('reference.json', `${JSON.stringify(modelReferenceSchema.parse({ format: 1, networks: reference }))}\n`);
  if (candidate.metrics) files.set('metrics.json', json(candidate.metrics));
  return { file: parsed.data, files };
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
  readonly tensors: Tensors;
}

function fresh({ architecture, tensors, input, objective, outputs, gate, study }: CandidateNetwork): Entry {
  const features = gate.mean.length;
  return {
    entry: {
      architecture,
      input,
      ...(objective ? { objective } : {}),
      outputs,
      gate: { mean: 'gate.mean', precision: 'gate.precision', maxDistance: gate.maxDistance },
      ...(study ? { study } : {}),
    },
    tensors: new Map([
      ...tensors,
      ['gate.mean', { shape: [features], data: gate.mean }],
      ['gate.precision', { shape: [features, features], data: gate.precision }],
    ]),
  };
}

function kept({ file, networks, version }: ModelVersion, kind: 'xray' | 'ct'): Entry {
  const entry = file.networks[kind];
  const served = networks[kind];
  if (!entry || !served) throw new Fault('model-invalid', `expected a network for ${kind} in version ${version}, found none`);
  const { mean, precision } = served.gate;
  const tensors = new Map([
    ...served.network.tensors,
    [entry.gate.mean, { shape: [mean.length], data: mean }],
    [entry.gate.precision, { shape: [mean.length, mean.length], data: precision }],
  ] as const);
  return { entry, tensors };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
