import type { InputSpecification } from '../registry/model-file.js';

export interface InputPreset {
  readonly about: string;
  /** Of one side, where neither network nor options state it. */
  readonly side: number;
  readonly channels: number;
  /** @param side of the network's input */
  input(side: number): Omit<InputSpecification, 'width' | 'height' | 'channels'>;
}

/** How publishers prepare their pictures. */
export const inputPresets = {
  torchxrayvision: {
    about: 'XRayCenterCrop, XRayResizer (scikit-image), values from -1024 to 1024',
    side: 224,
    channels: 1,
    input: () => ({ fit: 'centre-crop', resize: 'gaussian-bilinear', normalization: { range: [-1024, 1024] } }),
  },
  'torchxrayvision-cv2': {
    about: 'XRayCenterCrop, XRayResizer (OpenCV), values from -1024 to 1024',
    side: 224,
    channels: 1,
    input: () => ({ fit: 'centre-crop', resize: 'area', normalization: { range: [-1024, 1024] } }),
  },
  imagenet: {
    about: "torchvision: shorter side 256 of 224, CenterCrop, ImageNet's mean and standard deviation",
    side: 224,
    channels: 3,
    input: (side) => ({
      fit: 'centre-crop',
      shorterSide: Math.round((side * 256) / 224),
      resize: 'bilinear-antialias',
      eightBit: true,
      normalization: 'imagenet',
    }),
  },
  timm: {
    about: "timm: bicubic, crop of 87.5 %, ImageNet's mean and standard deviation",
    side: 224,
    channels: 3,
    input: (side) => ({
      fit: 'centre-crop',
      shorterSide: Math.floor(side / 0.875),
      resize: 'bicubic-antialias',
      eightBit: true,
      normalization: 'imagenet',
    }),
  },
  fastai: {
    about: "fastai: Resize (crop), ImageNet's mean and standard deviation",
    side: 224,
    channels: 3,
    input: () => ({ fit: 'centre-crop', resize: 'bilinear-antialias', eightBit: true, normalization: 'imagenet' }),
  },
  'fastai-squish': {
    about: "fastai: Resize (squish), ImageNet's mean and standard deviation",
    side: 224,
    channels: 3,
    input: () => ({ resize: 'bilinear-antialias', eightBit: true, normalization: 'imagenet' }),
  },
  monai: {
    about: 'MONAI: Resize (area), ScaleIntensity to 0 to 1',
    side: 224,
    channels: 1,
    input: () => ({ resize: 'adaptive-mean', normalization: { imageRange: [0, 1] } }),
  },
  keras: {
    about: 'Keras (MobileNet, Inception, Xception): squashed, values from -1 to 1',
    side: 224,
    channels: 3,
    input: () => ({ resize: 'bilinear', normalization: { range: [-1, 1] } }),
  },
  'teachable-machine': {
    about: 'Teachable Machine: square from the middle, values from -1 to 1',
    side: 224,
    channels: 3,
    input: () => ({ fit: 'centre-crop', resize: 'bilinear', normalization: { range: [-1, 1] } }),
  },
  plain: {
    about: 'squashed, values from 0 to 1',
    side: 224,
    channels: 1,
    input: () => ({ resize: 'bilinear-antialias', normalization: { range: [0, 1] } }),
  },
} as const satisfies Readonly<Record<string, InputPreset>>;

export type InputPresetName = keyof typeof inputPresets;

export const inputPresetNames = Object.keys(inputPresets) as readonly InputPresetName[];
