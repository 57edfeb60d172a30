import type { Command } from 'commander';
import { besideService, jsonObject, lineOption, repeatable } from './option-values.js';

/** Commands on data sets. */
export function addDatasetCommands(program: Command): void {
  program.commandsGroup('Training and models:');
  const dataset = program.command('dataset').description('Create, verify and look at data sets for training and evaluation.');

  dataset
    .command('import')
    .description('Create a data set from images and a CSV list of their findings: one folder per class and a manifest.')
    .requiredOption('--metadata <csv>', 'list of the images with their findings')
    .requiredOption('--images <directory>', 'folder of the images that the list names')
    .requiredOption('--out <directory>', 'folder of the data set; if it exists, the images are added to it')
    .option(
      '--kind <kind>',
      'one-of-many (one finding per image) or several (default: several if a cell joins findings by |, else one-of-many)',
    )
    .option('--source <name>', 'origin of the images, where the list has no such column (default: name of its folder)')
    .option('--findings <list>', 'accepted findings as slugs, separated by commas (default: all)')
    .option('--views <list>', 'accepted views as the list writes them, separated by commas (default: all)')
    .option(
      '--column <name=heading>',
      'heading of the column patient, finding, filename, view or source in this list; may be given several times',
      repeatable,
      [],
    )
    .option('--json', jsonObject, false)
    .addHelpText(
      'after',
      '\nExample:\n  chest-ai dataset import --metadata list.csv --images images/ --out set/ --column patient=SubjectID',
    )
    .action(async (options) => (await import('../dataset.js')).importCommand(options));

  dataset
    .command('export')
    .description(
      "Export the readers' agreed labels with the frontal X-rays of their studies as a data set, de-identified after the Basic Application Level Confidentiality Profile (DICOM PS3.15 Annex E).",
    )
    .requiredOption('--out <directory>', 'folder of the data set; it must be empty or not exist')
    .option('--format <format>', 'dicom (as stored) or png (as displayed, longest side at most 1024 pixels)', 'dicom')
    .option('--shift-dates', 'shift all dates of a patient by the same number of days instead of removing them', false)
    .option('--retain-characteristics', 'retain age (at most 90 years), sex, size and weight of patients', false)
    .option('--retain-device', 'retain serial numbers and station names of devices', false)
    .option('--include-suspected', 'also export images in which burned-in text is suspected; they are listed', false)
    .option(...lineOption)
    .option('--json', jsonObject, false)
    .addHelpText('afterAll', `\n${besideService}`)
    .addHelpText(
      'after',
      '\nImages that state Burned In Annotation YES are never exported. The folder contains images/, labels.csv and manifest.jsonl.\n\nExamples:\n  chest-ai dataset export --out set/\n  chest-ai dataset export --format png --shift-dates --retain-characteristics --out set/\n  chest-ai train --dataset set/',
    )
    .action(async (options) => (await import('../dataset-export.js')).exportCommand(options));

  dataset
    .command('verify')
    .description('Decode every image of a data set and list those that cannot be read. The data set is not changed.')
    .requiredOption('--dataset <directory>', 'folder of the data set')
    .option('--repair-into <directory>', 'write a copy of the data set without unreadable images, as PNG, into this folder')
    .option('--max-size <pixels>', 'longest side of the images of that copy, in pixels (default: unchanged)')
    .option('--size <pixels>', 'side of the network input in pixels, for which the images are cached', '224')
    .option('--json', jsonObject, false)
    .action(async (options) => (await import('../dataset.js')).verifyCommand(options));

  dataset
    .command('show')
    .description('Write a batch as the network will see it: batch.png and batch.html.')
    .requiredOption('--dataset <directory>', 'folder of the data set')
    .requiredOption('--out <directory>', 'folder for the two files')
    .option('--count <n>', 'number of images', '25')
    .option('--size <pixels>', 'side of the network input in pixels', '224')
    .option('--seed <n>', 'seed for the choice of images and for augmentation', '1')
    .option('--plain', 'without augmentation, as in validation', false)
    .option('--flip', 'mirror half of the images (the heart is then on the other side)', false)
    .action(async (options) => (await import('../dataset.js')).showCommand(options));
}
