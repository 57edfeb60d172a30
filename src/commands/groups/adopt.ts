import type { Command } from 'commander';
import { inputPresetNames } from '../../adoption/input-presets.js';
import { resizeFilters } from '../../registry/input-file.js';
import type { AdoptCommand } from '../models-adopt.js';
import { jsonObject, lineOption, repeatable } from './option-values.js';

/** `models adopt`: everything that a file of others may leave open is an option. */
export function addAdopt(models: Command): void {
  const adopt = models
    .command('adopt')
    .description(
      'Make a model version of a published model or of one of your own: PyTorch (.pth, .pt, safetensors), ONNX, TensorFlow.js, a MONAI bundle, or by name. Nothing in the file is executed, and the version is not promoted.',
    )
    .argument('<source>', 'file, folder, or a name such as torchxrayvision/densenet121-res224-all')
    .option('--kind <kind>', 'kind of image that the network is for, xray or ct', 'xray')
    .option('--name <text>', 'name of the model (default: that of the source)')
    .option('--publisher <text>', 'who made the model; reports name it as manufacturer (default: as the source states)')
    .option('--license <text>', 'license of the model (default: as the source states)')
    .option('--file <file>', 'with a name: the downloaded file, where this machine has no network access (default: the downloaded one)')
    .option('--sha256 <digits>', 'with a name: expected SHA-256 of the file; without --file it is downloaded (default: not compared)')
    .option('--key <name>', 'entry of a checkpoint that contains the weights, needed where there are several (default: the usual one)')
    .option('--architecture <name>', 'network, needed where the tensors fit several (default: the one that fits)');
  addOutputs(adopt);
  addPreprocessing(adopt);
  adopt
    .option(
      '--guard-studies <n>',
      'fit the feature guard on this many of the newest studies of the PACS; they need no labels (default: no guard is fitted)',
    )
    .option('--guard-folder <directory>', 'fit the feature guard on the images of this folder (default: no guard is fitted)')
    .option(...lineOption)
    .option('--challenge', 'make the version the challenger in place of another one; without another one it becomes so by itself')
    .option('--no-challenge', 'add the version to the registry only')
    .option('--json', jsonObject, false)
    .addHelpText(
      'after',
      '\nExamples:\n  chest-ai models adopt torchxrayvision/densenet121-res224-all --file nih-pc-chex.pt\n  chest-ai models adopt export.pth --preset fastai --objective one-of-many --labels "COVID-19,No Finding"\n  chest-ai models adopt model.onnx --preset imagenet --map 0=pneumonia',
    )
    .action(async (source: string, options: AdoptCommand) => (await import('../models-adopt.js')).adoptCommand(source, options));
}

function addOutputs(adopt: Command): void {
  adopt
    .option(
      '--labels <list>',
      'names of the outputs in their order, separated by commas, or a text file with one per line (default: as the file names them)',
    )
    .option(
      '--map <output=finding>',
      'finding of an output, by its name or number from 0; FINDING ignore leaves it out; may be repeated (default: by name)',
      repeatable,
      [],
    )
    .option('--objective <kind>', 'several (sigmoid) or one-of-many (softmax) (default: as the file states, else needed)')
    .option('--output <name>', 'of a graph: output that contains the scores (default: found)')
    .option('--activation <kind>', 'of a graph: what this output yields, none (logits), sigmoid or softmax (default: found)')
    .option('--embedding <name>', 'of a graph: value with the pooled features (default: found)')
    .option('--layout <layout>', 'of a graph: NCHW or NHWC (default: found)')
    .option('--occlusion', 'locate findings by covering parts of the image, where the network yields no map (slow)');
}

function addPreprocessing(adopt: Command): void {
  adopt
    .option('--preset <name>', `preprocessing of a publisher: ${inputPresetNames.join(', ')} (default: as the source states, else needed)`)
    .option('--size <pixels>', 'side of the network input in pixels, or WIDTHxHEIGHT (default: of network or preset)')
    .option('--channels <n>', 'channels of the network input, where the file leaves it open (default: of network or preset)')
    .option('--fit <how>', 'squash, pad or centre-crop (default: of the preset, else squash)')
    .option(
      '--shorter-side <pixels>',
      'with centre-crop: the picture is resized to this shorter side first (default: the square is cut first)',
    )
    .option('--padding <grey>', 'with pad: grey around the picture, 0 (black) to 1 (default: 0)')
    .option('--resize <filter>', `${resizeFilters.join(', ')} (default: of the preset, else bilinear-antialias)`)
    .option('--eight-bit', 'resize in whole grey levels of 8 bits, as Pillow does')
    .option('--range <low,high>', 'values of black and white, such as -1024,1024 (default: of the preset)')
    .option('--image-range <low,high>', "values of the image's own darkest and brightest grey (default: of the preset)")
    .option('--mean <list>', 'mean per channel, subtracted (default: of the preset)')
    .option('--std <list>', 'standard deviation per channel, divided by (default: of the preset)')
    .option('--scale <n>', 'with --mean: 1 (grey from 0 to 1) or 255 (default: 1)')
    .option('--normalization <kind>', 'per-image or imagenet (default: of the preset)')
    .option('--window <center,width>', 'for CT, in Hounsfield units; several become channels (default: the lung window)', repeatable, [])
    .option('--slices <n>', 'for CT: neighbouring slices as channels, an odd number (default: 1)');
}
