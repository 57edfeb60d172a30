import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Fault } from '../errors.js';
import { checkWeights } from '../network/check-weights.js';
import { architectureOf } from '../network/architecture-spec.js';
import { architecturesByNames, tensorsOfCandidate, type ArchitectureCandidate } from '../network/detect-architecture.js';
import type { PytorchContent } from '../network/pytorch-content.js';
import type { Tensors } from '../network/safetensors.js';
import { isMonaiBundle, readMonaiBundle, withTransposedKernels } from '../registry/monai-bundle.js';
import { fileOfPublished, publishedClassifier, sha256OfSource } from './published-file.js';
import type { AdoptOptions, AdoptPorts, ReadSource } from './source-request.js';

/**
 * Reads a classifier of others from wherever it comes: a published name, a file of PyTorch or safetensors, an ONNX file, a folder of
 * TensorFlow.js, a MONAI bundle. Files are parsed in confined processes; nothing in them is executed.
 *
 * @throws Fault 'model-invalid' naming the file, what was expected and what to do; 'request-invalid' naming the option that decides
 */
export async function readSource(source: string, options: AdoptOptions, ports: AdoptPorts): Promise<ReadSource> {
  const published = publishedClassifier(source);
  if (published) {
    const path = await fileOfPublished(published, options, ports.downloads);
    const read = await ofWeights(path, options, ports);
    const { labels, operatingPoints, side } = published;
    if (read.outputs !== labels.length)
      throw new Fault('model-invalid', `expected ${labels.length} outputs as ${source} has, found ${read.outputs}`, { source: path });
    return {
      ...read,
      size: { ...read.size, width: side, height: side },
      labels,
      operatingPoints,
      objective: 'several',
      preset: 'torchxrayvision',
      from: source,
      publisher: 'torchxrayvision',
      license: 'Apache License 2.0, as torchxrayvision states; for research, not for diagnosis',
    };
  }
  if (options.file !== undefined)
    throw new Fault('request-invalid', `expected --file only with a published name, found the source ${source}`);
  const status = await stat(source).catch(() => undefined);
  if (!status) throw new Fault('request-invalid', `expected a file, a folder or a published name, found nothing at ${source}`);
  if (status.isDirectory() && (await isMonaiBundle(source))) return ofBundle(source, options, ports);
  if (await ports.foreign.isForeign(source)) return ofGraph(source, options, ports);
  if (status.isDirectory())
    throw new Fault(
      'model-invalid',
      'expected a folder of TensorFlow.js with model.json, or a MONAI bundle with configs/metadata.json, found neither',
      { source },
    );
  return ofWeights(source, options, ports);
}

async function ofWeights(
  path: string,
  options: AdoptOptions,
  { weights }: AdoptPorts,
  fix = (tensors: Tensors): Tensors => tensors,
): Promise<ReadSource> {
  const content = await weights.read(path, { key: options.key });
  const candidate = chosenArchitecture(content.tensors, options.architecture, path);
  const tensors = fix(tensorsOfCandidate(candidate, content.tensors));
  const architecture = architectureOf(candidate.spec);
  checkWeights(architecture, tensors, { source: path });
  const ofXrv = content.ofClass?.startsWith('torchxrayvision.') === true;
  return {
    network: { architecture: candidate.spec, tensors },
    size: { channels: architecture.inputChannels },
    outputs: architecture.outputs,
    labels: content.labels,
    operatingPoints: content.operatingPoints,
    ...(ofXrv ? { objective: 'several' as const, preset: 'torchxrayvision' as const, publisher: 'torchxrayvision' } : {}),
    from: basename(path),
    format: content.kind === 'module' ? 'pickled PyTorch module' : 'state_dict (PyTorch or safetensors)',
    sha256: await sha256OfSource(path),
    messages: describeMapping(content, candidate),
  };
}

function chosenArchitecture(tensors: Tensors, wanted: string | undefined, source: string): ArchitectureCandidate {
  const { candidates, problem } = architecturesByNames(new Map([...tensors].map(([name, { shape }]) => [name, shape])));
  const named = wanted === undefined ? candidates : candidates.filter(({ name }) => name === wanted);
  const [found, another] = named;
  if (found && !another) return found;
  if (wanted !== undefined && candidates.length > 0)
    throw new Fault(
      'request-invalid',
      `expected --architecture as one of ${candidates.map(({ name }) => name).join(', ')}, which these tensors fit, found ${wanted}`,
    );
  if (found)
    throw new Fault(
      'request-invalid',
      `${problem ?? 'several architectures fit'}: choose by --architecture ${candidates.map(({ name }) => name).join(' or ')}`,
    );
  throw new Fault('model-invalid', problem ?? 'expected the tensors of a known architecture, found others', { source });
}

function describeMapping(content: PytorchContent, { name, scheme, names, zeros }: ArchitectureCandidate): readonly string[] {
  const { entry, unread, ofClass } = content;
  const taken = [...names].filter((pair): pair is [string, string] => pair[1] !== undefined);
  const renamed = taken.filter(([from, to]) => from !== to);
  const left = names.size - taken.length;
  const [first] = renamed;
  return [
    `network: ${name}, tensors under the names of ${scheme}${ofClass === undefined ? '' : `, from a pickled ${ofClass}`}${entry === undefined ? '' : `, from the entry ${entry}`}`,
    `tensors: ${taken.length} taken${first ? `, ${renamed.length} of them renamed (${first[0]} → ${first[1]}, …)` : ''}${left > 0 ? `, ${left} not needed` : ''}${zeros.length > 0 ? `, ${zeros.length} missing ones are zero` : ''}`,
    ...(unread.length > 0
      ? [`not read: ${unread.slice(0, 8).join(', ')}${unread.length > 8 ? ` and ${unread.length - 8} more` : ''}`]
      : []),
  ];
}

async function ofBundle(folder: string, options: AdoptOptions, ports: AdoptPorts): Promise<ReadSource> {
  const bundle = await readMonaiBundle(folder);
  const fix = (tensors: Tensors): Tensors => (bundle.transposed ? withTransposedKernels(tensors) : tensors);
  const read = await ofWeights(bundle.weights, options, ports, fix);
  if (read.outputs !== bundle.outputs)
    throw new Fault('model-invalid', `expected ${bundle.outputs} outputs as configs/metadata.json states, found ${read.outputs}`, {
      source: bundle.weights,
    });
  const { input, labels, activation } = bundle;
  return {
    ...read,
    size: { ...read.size, width: input.width, height: input.height },
    input,
    ...(labels ? { labels } : {}),
    ...(activation === 'none' ? {} : { objective: activation === 'softmax' ? ('one-of-many' as const) : ('several' as const) }),
    from: basename(folder),
    format: 'MONAI bundle',
    sha256: await sha256OfSource(folder),
    messages: [...bundle.messages, ...read.messages],
  };
}

async function ofGraph(path: string, options: AdoptOptions, { foreign }: AdoptPorts): Promise<ReadSource> {
  const { output, embedding, map } = options;
  const [width, height = width] = (options.size ?? '').split('x').map(Number);
  const model = await foreign.read(path, {
    layout: oneOf('--layout', options.layout, ['NCHW', 'NHWC'] as const),
    activation: oneOf('--activation', options.activation, ['none', 'sigmoid', 'softmax'] as const),
    output,
    embedding,
    ...(width ? { width, height: height! } : {}),
    channels: options.channels === undefined ? undefined : Number(options.channels),
    manyOutputsAreMapped: map.length > 0,
  });
  return {
    network: { graph: model.graph },
    size: model.input,
    outputs: model.graph.outputs,
    labels: model.labels,
    objective: model.objective,
    from: basename(path),
    format: { onnx: 'ONNX', 'tfjs-layers': 'TensorFlow.js layers model', 'tfjs-graph': 'TensorFlow.js graph model' }[model.graph.format],
    sha256: await sha256OfSource(path),
    messages: model.messages,
  };
}

function oneOf<T extends string>(option: string, text: string | undefined, allowed: readonly T[]): T | undefined {
  if (text === undefined) return undefined;
  const found = allowed.find((one) => one === text);
  if (!found) throw new Fault('request-invalid', `expected ${option} as one of ${allowed.join(', ')}, found ${text}`);
  return found;
}
