import type { Command } from 'commander';
import { acceptFormerOption } from '../former-names.js';
import { networkPresets } from '../../network/presets.js';
import { jsonLines, jsonObject, lineOption, repeatable } from './option-values.js';

/** Commands that train networks. */
export function addTrainingCommands(program: Command): void {
  program.commandsGroup('Training and models:');
  addTrain(program);
  addLearningRateFinder(program);
  addStarter(program);
  addWeights(program);

  program
    .command('retrain')
    .description(
      "Run the retraining that the service runs by its schedule: train on the readers' labels, evaluate the challenger and promote it only if it passes the gate.",
    )
    .option('--now', 'start at once (required; the service starts by its schedule)', false)
    .option('--json', jsonObject, false)
    .addHelpText('after', '\nThe exit status is 0 if a version was promoted or runs in shadow, 3 if not.')
    .option(...lineOption)
    .action(async (options: { now: boolean; line: string; json: boolean }) => (await import('../retrain.js')).retrainCommand(options));
}

/** Options that `train` and `lr-find` share. */
function withTrainingOptions(command: Command): Command {
  command
    .requiredOption('--dataset <directory>', 'data set made by `dataset import`; may be given several times', repeatable, [])
    .option('--network <name>', `one of ${networkPresets.join(', ')} (default: that of the published weights, otherwise starter)`)
    .option('--head <name>', 'torchvision, or fastai (two linear layers with dropout) (default: fastai; torchvision for starter)')
    .option(
      '--weights <file>',
      'pretrained weights: a safetensors or .pth file, or a name from `weights list` (default: none, training from scratch)',
    )
    .option('--channels <n>', 'channels of the network input, 1 or 3 (default: 3 with --weights, else 1)')
    .option('--from <model>', 'continue with the network of this model: champion, challenger, a version or a folder')
    .option('--size <pixels>', 'side of the network input in pixels', '224')
    .option('--classes <list>', 'names of the outputs, separated by commas (default: those of the data set)')
    .option('--objective <kind>', 'one-of-many (softmax) or several (sigmoid) (default: as the data set)')
    .option('--use <kind>', 'kind of image that the network is for, xray or ct', 'xray')
    .option('--epochs-frozen <n>', 'epochs in which only the head is trained (default: 6; from scratch 0)')
    .option(
      '--frozen <kind>',
      'how the head is trained: head (features are computed once) or head-train-bn (as fastai, with augmentation)',
      'head',
    )
    .option('--learning-rate-frozen <rate>', 'maximum learning rate of the epochs that train only the head', '3e-3')
    .option('--epochs <n>', 'epochs in which all layers are trained', '10')
    .option('--learning-rate <rate>', 'maximum learning rate of the last layers', '1e-3')
    .option('--learning-rate-first <rate>', 'maximum learning rate of the first layers (default: a tenth of --learning-rate)')
    .option('--batch-size <n>', 'images per step (default: up to 16, as memory allows)')
    .option('--seed <n>', 'seed for split, initial weights, order and augmentation', '42')
    .option('--one-cycle <version>', 'one-cycle schedule of fastai 1 or 2', '1')
    .option('--balance <how>', 'none, class-weights, class-sampling or source-sampling', 'none')
    .option('--weight-decay <n>', 'decoupled weight decay, as in AdamW', '0.01')
    .option('--label-smoothing <n>', 'label smoothing, 0 to 1', '0')
    .option('--flip', 'mirror half of the images (the heart is then on the other side)', false)
    .option('--augment <how>', 'augmentation: fastai, robust (adds changes of grey scale and covered borders) or none', 'fastai')
    .option('--validation <share>', 'share of the images for validation, 0 to 1', '0.2')
    .option('--calibration <share>', 'share of the images on which temperature and thresholds are fitted, 0 to 1', '0.1')
    .option('--test <share>', 'share of the images to reserve as a locked test set, 0 to 1, if the data set has none yet (default: none)')
    .option('--by-file', 'split by file instead of by patient; images of one patient in both parts make the metrics too good', false)
    .option('--leave-out <source>', 'train without the images of this source; may be given several times', repeatable, [])
    .option('--json', jsonObject, false);
  acceptFormerOption(command, '--rate-frozen <rate>', '--learning-rate-frozen');
  acceptFormerOption(command, '--rate <rate>', '--learning-rate');
  acceptFormerOption(command, '--first-rate <rate>', '--learning-rate-first');
  return acceptFormerOption(command, '--batch <n>', '--batch-size');
}

function addTrain(program: Command): void {
  withTrainingOptions(
    program
      .command('train')
      .description(
        'Train a network on data sets and add it to the registry as a model version. If it was interrupted, the same command continues from its last checkpoint.',
      ),
  )
    .option('--run <directory>', 'folder for checkpoints, log and curves (default: a folder below DATA_DIR)')
    .option('--time-limit <minutes>', 'stop with a checkpoint after this many minutes, with exit status 75 (default: no limit)')
    .option('--name <text>', 'name of the model (default: made from network and data sets)')
    .addHelpText(
      'after',
      '\nExamples:\n  chest-ai train --dataset set/\n  chest-ai train --dataset set/ --network densenet-121 --weights torchxrayvision-all --epochs 5',
    )
    .action(async (options) => (await import('../train.js')).train(options));
}

function addLearningRateFinder(program: Command): void {
  withTrainingOptions(
    program.command('lr-find').description('Find a suitable learning rate for a network and a data set, with a plot of loss against rate.'),
  )
    .requiredOption('--out <directory>', 'folder for the plot')
    .option('--stage <what>', 'layers that are trained: head or all', 'all')
    .action(async (options) => (await import('../lr-find.js')).lrFind(options));
}

function addStarter(program: Command): void {
  program
    .command('train-starter')
    .description(
      'Train the starter model that comes with the program from published data sets. If it was interrupted, the same command continues.',
    )
    .requiredOption('--data <directory>', 'folder of the published data sets, each a folder with metadata.csv and images/')
    .requiredOption('--work <directory>', 'folder for imported data sets, cache and runs')
    .option('--use <kind>', 'kind of image that the network is for, xray or ct', 'xray')
    .option('--epochs <n>', 'epochs in which all layers are trained', '12')
    .option('--seed <n>', 'seed of first weights, batches and augmentation (default: that of the starter)')
    .option(
      '--weights <name>',
      'published weights that the X-ray network begins with, from `weights fetch`, or none',
      'google/efficientnet-lite0',
    )
    .option('--leave-out <source>', 'train without the images of this source; may be given several times', repeatable, [])
    .option('--time-limit <minutes>', 'stop with a checkpoint after this many minutes, with exit status 75 (default: no limit)')
    .option('--limit <n>', 'use only this many images, for a trial (default: all)')
    .option('--size <pixels>', 'side of the network input in pixels', '192')
    .option('--recipe <file>', 'JSON file with the settings of the recipe that differ')
    .option('--from <model>', 'retain the network of the other kind of this model (default: the version has one network)')
    .action(async (options) => (await import('../train-starter.js')).trainStarter(options));
}

function addWeights(program: Command): void {
  const weights = program.command('weights').description('Manage pretrained weights with which training can start.');
  weights
    .command('list')
    .description('List the known pretrained weights and which of them are downloaded.')
    .option('--json', jsonLines, false)
    .action(async (options: { json: boolean }) => (await import('../weights.js')).listWeights(options));
  weights
    .command('fetch')
    .description('Download pretrained weights from their publisher and check their SHA-256.')
    .argument('<name>', 'name from `weights list`')
    .option('--to <directory>', 'folder for the file (default: DATA_DIR/weights)')
    .option('--sha256 <digits>', 'expected SHA-256 of the file, needed where the publisher states none')
    .option('--json', jsonObject, false)
    .action(async (name: string, options: { to?: string; sha256?: string; json: boolean }) =>
      (await import('../weights.js')).fetchWeights(name, options),
    );
}
