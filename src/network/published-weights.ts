import type { ArchitectureSpec } from './architecture-spec.js';
import { densenet121Layers } from './densenet.js';
import { resnetPresets } from './resnet.js';

/** Weights that others trained and published, and from where they come. */
export interface PublishedWeights {
  /** For example `torchvision/resnet-34`. */
  readonly name: string;
  readonly url: string;
  readonly format: 'pth' | 'safetensors';
  /** The network they belong to. */
  readonly spec: ArchitectureSpec;
  /** What they were trained on, and what they want to see. */
  readonly about: string;
  /**
   * First hexadecimal digits of the file's SHA-256, where its publisher states them: torchvision in the file's name. Where
   * there is none, the user has to state the SHA-256 of the file.
   */
  readonly sha256Prefix?: string;
}

const resnet = (preset: keyof typeof resnetPresets): ArchitectureSpec => ({
  family: 'resnet',
  ...resnetPresets[preset],
  widths: [64, 128, 256, 512],
  strides: [1, 2, 2, 2],
  inputChannels: 3,
  outputs: 1000,
  head: 'torchvision',
});
const densenet = (inputChannels: number, outputs: number): ArchitectureSpec => ({
  family: 'densenet',
  layers: densenet121Layers,
  inputChannels,
  outputs,
  head: 'torchvision',
});
const mobilenet: ArchitectureSpec = { family: 'mobilenet-v2', inputChannels: 3, outputs: 1000, head: 'torchvision' };

const imagenet = "ImageNet-1k; three channels, 224 × 224, normalised with ImageNet's mean and standard deviation";
const torchvision = (name: string, file: string, spec: ArchitectureSpec): PublishedWeights => ({
  name: `torchvision/${name}`,
  url: `https://download.pytorch.org/models/${file}.pth`,
  format: 'pth',
  spec,
  about: imagenet,
  sha256Prefix: file.slice(-8),
});
const timm = (name: string, repository: string, spec: ArchitectureSpec): PublishedWeights => ({
  name: `timm/${name}`,
  url: `https://huggingface.co/timm/${repository}/resolve/main/model.safetensors`,
  format: 'safetensors',
  spec,
  about: imagenet,
});

/**
 * torchvision's files of `IMAGENET1K_V1` (torchvision/models/*.py) and the same networks as timm publishes them on Hugging Face.
 *
 * torchxrayvision's weights (https://github.com/mlmed/torchxrayvision, `model_urls`) are not in this list: its files are whole
 * Python objects, which only Python can read and only by running what stands in them. Saved by its users with
 * `safetensors.torch.save_file(model.state_dict(), …)` they are read under their names; they want one channel
 * with values from −1024 to 1024.
 */
export const publishedWeights: readonly PublishedWeights[] = [
  torchvision('resnet-18', 'resnet18-f37072fd', resnet('resnet-18')),
  torchvision('resnet-34', 'resnet34-b627a593', resnet('resnet-34')),
  torchvision('resnet-50', 'resnet50-0676ba61', resnet('resnet-50')),
  torchvision('densenet-121', 'densenet121-a639ec97', densenet(3, 1000)),
  torchvision('mobilenet-v2', 'mobilenet_v2-b0353104', mobilenet),
  timm('resnet-18', 'resnet18.tv_in1k', resnet('resnet-18')),
  timm('resnet-34', 'resnet34.tv_in1k', resnet('resnet-34')),
  timm('resnet-50', 'resnet50.tv_in1k', resnet('resnet-50')),
  timm('densenet-121', 'densenet121.tv_in1k', densenet(3, 1000)),
  timm('mobilenet-v2', 'mobilenetv2_100.ra_in1k', mobilenet),
];
