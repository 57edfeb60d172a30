import type { Architecture } from './architecture.js';
import { architectureOf, architectureSpecSchema, type ArchitectureSpec } from './architecture-spec.js';
import type { Head } from './head.js';
import { headParameters, matchHead, sameValues, type Shapes } from './head-names.js';
import { knownNetworks, type KnownNetwork } from './known-networks.js';
import { familiesByNames, type FamilyNames, type NamingScheme } from './naming-schemes.js';
import { parametersOf } from './parameters.js';
import { needlessTensor } from './published-names.js';
import type { Tensor, Tensors } from './safetensors.js';

export type { NamingScheme } from './naming-schemes.js';

/** A network to which the tensors of a file belong, and how. */
export interface ArchitectureCandidate {
  /** For the option `--architecture`: `densenet-121`, `efficientnet-b0-same`, `resnet-34-fastai`. */
  readonly name: string;
  readonly spec: ArchitectureSpec;
  readonly scheme: NamingScheme;
  /** Published name -> own name; undefined for a tensor that no layer needs. */
  readonly names: ReadonlyMap<string, string | undefined>;
  /** Own names of tensors that the file does without, and that are zero. */
  readonly zeros: readonly string[];
}

export interface ArchitectureDetection {
  /** None, one, or several networks with tensors of the same shapes. */
  readonly candidates: readonly ArchitectureCandidate[];
  /** Where there is not exactly one: what was found, what was expected, and which option decides. */
  readonly problem?: string;
}

/** Tensors of a training that are no layer's: loss functions and the weights of classes in them. */
const ofTraining = /(^|\.)(criterion|loss|loss_fn|loss_function|pos_weight|class_weights?)(\.|$)/;

/**
 * The known networks to which tensors of these names and shapes belong, under the names of torchvision, timm, torchxrayvision, MONAI,
 * fastai and efficientnet_pytorch, in wrappers (`module.`, `model.`, `backbone.`) and with the head anywhere.
 *
 * @param shapes of every tensor of the file, by name, in the file's order
 */
export function architecturesByNames(shapes: Shapes): ArchitectureDetection {
  const needed = new Map([...shapes].filter(([name]) => !needlessTensor.test(name) && !ofTraining.test(name)));
  const families = familiesByNames([...needed.keys()]);
  if (families.length === 0) return { candidates: [], problem: unknownNames(needed) };
  const prefixes = new Set(families.map(({ prefix }) => prefix));
  if (prefixes.size > 1)
    return {
      candidates: [],
      problem: `expected the tensors of one network, found those of several, under ${[...prefixes].map((one) => `"${one}"`).join(' and ')}; save the state_dict of the one that is meant`,
    };
  const attempts = families.flatMap((family) => knownNetworks(family).map((network) => attempt(network, family, needed, shapes)));
  const candidates = attempts.flatMap((one) => ('candidate' in one ? [one.candidate] : []));
  if (candidates.length === 1) return { candidates };
  if (candidates.length > 1)
    return {
      candidates,
      problem: `the tensors have the names and shapes of ${candidates.map(({ name }) => name).join(' and of ')}, which differ in padding and in the epsilon of the batch norms (-same: TensorFlow's, as timm's tf_… models have them); state which with --architecture`,
    };
  const closest = attempts.flatMap((one) => ('problem' in one ? [one] : [])).sort((one, other) => other.fitting - one.fitting)[0]!;
  return { candidates: [], problem: closest.problem };
}

/** The tensors under their own names and in their own shapes, those that the file does without filled in. */
export function tensorsOfCandidate({ spec, names, zeros }: ArchitectureCandidate, tensors: Tensors): Tensors {
  const shapes = new Map(parametersOf(architectureOf(spec)).map(({ name, shape }) => [name, shape]));
  const found = [...names].flatMap(([published, own]): [string, Tensor][] => {
    const given = tensors.get(published);
    return own === undefined || given === undefined ? [] : [[own, { shape: shapes.get(own) ?? given.shape, data: given.data }]];
  });
  const filled = zeros.map((name): [string, Tensor] => {
    const shape = shapes.get(name)!;
    return [name, { shape, data: new Float32Array(shape.reduce((product, size) => product * size, 1)) }];
  });
  return new Map([...found, ...filled]);
}

function unknownNames(shapes: Shapes): string {
  const some = [...shapes.keys()].slice(0, 3).join(', ');
  return `expected the tensors of a ResNet, DenseNet, MobileNetV2, EfficientNet or ConvNeXt under the names of torchvision, timm, torchxrayvision, MONAI or fastai, found ${shapes.size} tensors (${some}${shapes.size > 3 ? ', …' : ''}); a network of another kind is adopted as ONNX`;
}

type Attempt = { readonly candidate: ArchitectureCandidate } | { readonly problem: string; readonly fitting: number };

function attempt(network: KnownNetwork, family: FamilyNames, needed: Shapes, all: Shapes): Attempt {
  const body = bodyNames(network, family, needed);
  if ('problem' in body) return body;
  const left = new Map([...needed].filter(([name]) => !body.names.has(name)));
  for (const head of ['torchvision', 'fastai'] as const) {
    const spec = specOf(network, { inputChannels: body.inputChannels, outputs: outputsOf(left), head });
    const checked = architectureSpecSchema.safeParse(spec);
    if (!checked.success)
      return {
        problem: `a ${network.name} with ${body.inputChannels} channels and ${outputsOf(left)} outputs: ${checked.error.issues[0]!.path.join('.')}: ${checked.error.issues[0]!.message}`,
        fitting: body.names.size,
      };
    const matched = matchHead(architectureOf(spec), left);
    if (!matched) continue;
    const own = new Map([...body.names, ...matched.names]);
    return {
      candidate: {
        name: head === 'fastai' ? `${network.name}-fastai` : network.name,
        spec,
        scheme: all.has('op_threshs') ? 'torchxrayvision' : family.scheme,
        names: new Map([...all.keys()].map((name) => [name, own.get(name)])),
        zeros: matched.zeros,
      },
    };
  }
  const described = [...left].slice(0, 6).map(([name, shape]) => `${name} [${shape.join(', ')}]`);
  return {
    problem: `the body is a ${network.name}; expected one linear layer (or fastai's head) behind it, found ${left.size === 0 ? 'nothing' : `${described.join(', ')}${left.size > 6 ? ', …' : ''}`}; adopt the model as ONNX, or its body with a new head`,
    fitting: body.names.size,
  };
}

function specOf(
  network: KnownNetwork,
  options: { readonly inputChannels: number; readonly outputs: number; readonly head: Head },
): ArchitectureSpec {
  return { ...network.spec, ...options };
}

/** The outputs of the last linear layer of what is left; 1 if there is none. */
function outputsOf(left: Shapes): number {
  return [...left.values()].filter((shape) => shape.length === 2).at(-1)?.[0] ?? 1;
}

type Body =
  | { readonly names: ReadonlyMap<string, string>; readonly inputChannels: number }
  | { readonly problem: string; readonly fitting: number };

function bodyNames(network: KnownNetwork, { prefix, ownName }: FamilyNames, needed: Shapes): Body {
  const given = new Map(
    [...needed].filter(([name]) => name.startsWith(prefix)).map(([name, shape]) => [ownName(name.slice(prefix.length)), { name, shape }]),
  );
  const first = firstConvolution(architectureOf(network.spec));
  const inputChannels = given.get(`${first}.weight`)?.shape[1] ?? 1;
  const architecture = architectureOf(specOf(network, { inputChannels, outputs: 1, head: 'torchvision' }));
  const head = new Set(headParameters(architecture).map(({ name }) => name));
  const names = new Map<string, string>();
  let problem: string | undefined;
  for (const { name, shape } of parametersOf(architecture)) {
    if (head.has(name)) continue;
    const found = given.get(name);
    if (found && sameValues(found.shape, shape)) names.set(found.name, name);
    else
      problem ??= `tensor ${name} of ${network.name}: expected shape [${shape.join(', ')}], found ${found ? `[${found.shape.join(', ')}] (${found.name})` : 'none'}`;
  }
  return problem === undefined ? { names, inputChannels } : { problem, fitting: names.size };
}

function firstConvolution({ layers }: Architecture): string {
  return layers.find(({ kind }) => kind === 'conv')!.name;
}
