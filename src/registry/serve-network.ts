import { createHash } from 'node:crypto';
import { Fault } from '../errors.js';
import type { FeatureGateRule, Rules } from '../evaluation/rules.js';
import { architectureOf } from '../network/architecture-spec.js';
import { checkWeights } from '../network/check-weights.js';
import type { ForeignGraph } from '../network/foreign-graph.js';
import { featuresOfNetwork, type LoadableNetwork } from '../network/loadable-network.js';
import { readSafetensors, type Tensors } from '../network/safetensors.js';
import type { InputSpecification, NetworkFile } from './model-file.js';

/** A network with everything needed to feed it and to read its scores. */
export interface ServedNetwork extends Rules {
  readonly network: LoadableNetwork;
  readonly input: InputSpecification;
  /** Findings are localised by covering parts of the image in turn. */
  readonly occlusionMaps?: true | undefined;
}

/** Reads a file of the version's folder. @throws Fault 'model-invalid' if it cannot be read */
export type VersionFileReader = (name: string) => Promise<Uint8Array>;

/** The files of an entry in model.json, with the checksum that each must have. */
export function filesOfNetwork({ weights, sha256, graph }: NetworkFile): readonly { readonly name: string; readonly sha256: string }[] {
  return [...(graph?.files ?? []), ...(weights !== undefined && sha256 !== undefined ? [{ name: weights, sha256 }] : [])];
}

/**
 * A network out of its entry in model.json and its files.
 *
 * @param source names a file of the folder, for messages
 * @throws Fault 'model-invalid' naming file, place, what was expected and what was found
 */
export async function serveNetwork(entry: NetworkFile, read: VersionFileReader, source: (name: string) => string): Promise<ServedNetwork> {
  const contents = new Map<string, Uint8Array>();
  for (const { name, sha256 } of filesOfNetwork(entry)) {
    const bytes = await read(name);
    const found = createHash('sha256').update(bytes).digest('hex');
    if (found !== sha256) throw new Fault('model-invalid', `expected sha256 ${sha256}, found ${found}`, { source: source(name) });
    contents.set(name, bytes);
  }
  const { input, occlusionMaps, objective, outputs, study, weights } = entry;
  const at = source(weights ?? 'model.json');
  const all: Tensors = weights === undefined ? new Map() : readSafetensors(contents.get(weights)!, at);
  const { network, own } = entry.graph ? graphOf(entry, contents, all, at) : layersOf(entry, all, at);
  const gate = gateOfNetwork(entry, network, all, at);
  checkNoOther(all, own, at);
  return {
    network,
    input,
    outputs,
    ...(occlusionMaps ? { occlusionMaps } : {}),
    ...(objective ? { objective } : {}),
    ...(gate ? { gate } : {}),
    ...(study ? { study } : {}),
  };
}

interface LoadedNetwork {
  readonly network: LoadableNetwork;
  /** Names of tensors that may be in the weights file; undefined where checkWeights has seen to it. */
  readonly own: readonly string[] | undefined;
}

function layersOf({ architecture: spec, gate }: NetworkFile, all: Tensors, source: string): LoadedNetwork {
  const architecture = architectureOf(spec!);
  const beside = gate ? [gate.mean, gate.precision] : [];
  checkWeights(architecture, all, { source, extra: beside });
  return { network: { architecture, tensors: new Map([...all].filter(([name]) => !beside.includes(name))) }, own: undefined };
}

function graphOf({ graph, gate }: NetworkFile, contents: ReadonlyMap<string, Uint8Array>, all: Tensors, source: string): LoadedNetwork {
  const { format, main, files, input, output, outputs, embedding, classActivation } = graph!;
  const network: ForeignGraph = {
    format,
    main,
    files: new Map(files.map(({ name }) => [name, contents.get(name)!])),
    input,
    output,
    outputs,
    ...(embedding ? { embedding } : {}),
    ...(classActivation
      ? {
          classActivation: {
            featureMap: classActivation.featureMap,
            channels: classActivation.channels,
            ...(classActivation.layout ? { layout: classActivation.layout } : {}),
            headWeights: shapedTensor(all, classActivation.headWeights, [outputs, classActivation.channels], source),
          },
        }
      : {}),
  };
  return { network, own: [...(gate ? [gate.mean, gate.precision] : []), ...(classActivation ? [classActivation.headWeights] : [])] };
}

function gateOfNetwork({ gate }: NetworkFile, network: LoadableNetwork, all: Tensors, source: string): FeatureGateRule | undefined {
  if (!gate) return undefined;
  const features = featuresOfNetwork(network);
  const mean = shapedTensor(all, gate.mean, [features], source);
  const precision = shapedTensor(all, gate.precision, [features, features], source);
  checkPrecision(precision, features, gate.precision, source);
  return { mean, precision, maxDistance: gate.maxDistance };
}

function checkNoOther(tensors: Tensors, own: readonly string[] | undefined, source: string): void {
  const other = own && [...tensors.keys()].find((name) => !own.includes(name));
  if (other !== undefined) throw new Fault('model-invalid', `tensor ${other}: expected none of this name beside a graph`, { source });
}

function shapedTensor(tensors: Tensors, name: string, shape: readonly number[], source: string): Float32Array {
  const tensor = tensors.get(name);
  if (tensor && tensor.shape.join() === shape.join()) return tensor.data;
  throw new Fault(
    'model-invalid',
    `tensor ${name}: expected shape [${shape.join(', ')}], found ${tensor ? `[${tensor.shape.join(', ')}]` : 'none'}`,
    { source },
  );
}

/** An inverse covariance is symmetric and positive on its diagonal; a distance from anything else means nothing. */
function checkPrecision(precision: Float32Array, features: number, name: string, source: string): void {
  for (let row = 0; row < features; row++) {
    const diagonal = precision[row * features + row]!;
    if (!(diagonal > 0))
      throw new Fault('model-invalid', `tensor ${name}: expected a positive diagonal, found ${diagonal} in row ${row}`, { source });
    for (let column = 0; column < row; column++) {
      const one = precision[row * features + column]!;
      const other = precision[column * features + row]!;
      if (Math.abs(one - other) > 1e-4 * diagonal) {
        throw new Fault(
          'model-invalid',
          `tensor ${name}: expected a symmetric matrix, found ${one} and ${other} at [${row}, ${column}] and its mirror`,
          { source },
        );
      }
    }
  }
}
