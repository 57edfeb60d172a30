/**
 * EfficientNet's tensors as timm (`timm.models.efficientnet`) and efficientnet_pytorch with its kin (`_conv_stem`, `_blocks.7`)
 * call them, under torchvision's names; a name that is in neither stays as it is, to be refused by the check of weights.
 */
export function efficientnetName(names: readonly string[]): (name: string) => string {
  const squeezes = names.some((name) => /\.(se\.conv_reduce|_se_reduce)\./.test(name));
  const places = names.some((name) => name.startsWith('_blocks.')) ? flatPlaces(names) : undefined;
  return (name) => {
    const [, stage, index, timmModule, timmTensor] = /^blocks\.(\d+)\.(\d+)\.(\w+(?:\.conv_\w+)?)\.(\w+)$/.exec(name) ?? [];
    const [, number, flatModule, flatTensor] = /^_blocks\.(\d+)\.(\w+)\.(\w+)$/.exec(name) ?? [];
    const place = stage === undefined ? places?.[Number(number)] : ([Number(stage), Number(index)] as const);
    if (place === undefined || (timmModule ?? flatModule) === undefined) return endName(name);
    const module = timmModule ?? flatModule!;
    const expands = stage === undefined ? names.includes(`_blocks.${number}._expand_conv.weight`) : stage !== '0';
    const part = blockPart(module, expands, squeezes);
    return part === undefined ? name : `features.${place[0] + 1}.${place[1]}.block.${part}.${timmTensor ?? flatTensor}`;
  };
}

/** Whether timm's names are an EfficientNet's and not a MobileNetV2's, whose sixth stage has three blocks. */
export function isTimmEfficientnet(names: readonly string[]): boolean {
  return names.includes('conv_stem.weight') && names.some((name) => name.startsWith('blocks.5.3.'));
}

const ends: Readonly<Record<string, string>> = {
  conv_stem: 'features.0.0',
  bn1: 'features.0.1',
  conv_head: 'features.8.0',
  bn2: 'features.8.1',
  classifier: 'classifier.1',
  _conv_stem: 'features.0.0',
  _bn0: 'features.0.1',
  _conv_head: 'features.8.0',
  _bn1: 'features.8.1',
  _fc: 'classifier.1',
};

function endName(name: string): string {
  const [end, ...rest] = name.split('.');
  return ends[end!] === undefined ? name : `${ends[end!]}.${rest.join('.')}`;
}

/** Place of a module within torchvision's `block`: expand, filter, squeeze and excite, project, those that there are. */
function blockPart(module: string, expands: boolean, squeezes: boolean): string | undefined {
  const filter = expands ? 1 : 0;
  const project = filter + (squeezes ? 2 : 1);
  switch (module) {
    case '_expand_conv':
      return '0.0';
    case '_bn0':
      return '0.1';
    case 'conv_dw':
    case '_depthwise_conv':
      return `${filter}.0`;
    case '_bn1':
      return `${filter}.1`;
    case 'se.conv_reduce':
    case '_se_reduce':
      return `${filter + 1}.fc1`;
    case 'se.conv_expand':
    case '_se_expand':
      return `${filter + 1}.fc2`;
    case 'conv_pwl':
    case '_project_conv':
      return `${project}.0`;
    case '_bn2':
      return `${project}.1`;
    // timm's first stage projects with what the others expand with
    case 'conv_pw':
      return expands ? '0.0' : `${project}.0`;
    case 'bn1':
      return '0.1';
    case 'bn2':
      return expands ? '1.1' : `${project}.1`;
    case 'bn3':
      return `${project}.1`;
    default:
      return undefined;
  }
}

/** Blocks in each stage, of B0 and Lite0, of Lite1 and Lite2, of B1 and B2, of B3. */
const depths = [
  [1, 2, 2, 3, 3, 4, 1],
  [1, 3, 3, 4, 4, 5, 1],
  [2, 3, 3, 4, 4, 5, 2],
  [2, 3, 3, 5, 5, 6, 2],
] as const;

/** [stage, index] of each block of a list that counts through all stages. */
function flatPlaces(names: readonly string[]): readonly (readonly [number, number])[] | undefined {
  const count = 1 + Math.max(...names.map((name) => Number(/^_blocks\.(\d+)\./.exec(name)?.[1] ?? -1)));
  const depth = depths.find((one) => one.reduce<number>((sum, blocks) => sum + blocks, 0) === count);
  return depth?.flatMap((blocks, stage) => Array.from({ length: blocks }, (_, index) => [stage, index] as const));
}
