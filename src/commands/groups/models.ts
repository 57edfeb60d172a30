import type { Command } from 'commander';
import type { EvaluateCommand } from '../evaluate.js';
import { acceptFormerOption } from '../former-names.js';
import type { CalibrateCommand } from '../models-calibrate.js';
import type { LineCommand, PromoteCommand } from '../models-change.js';
import type { CompareCommand } from '../models-compare.js';
import type { GateCommand } from '../models-gate.js';
import type { GuardCommand } from '../models-guard.js';
import type { TryCommand } from '../models-try.js';
import { addAdopt } from './adopt.js';
import { besideService, jsonLines, jsonObject, lineOption } from './option-values.js';

const anyModel = 'champion, challenger, the beginning of a version, or a folder';
const reason = 'reason, recorded in the history of the registry';

/** Commands on model versions: evaluate, compare, promote, import and export. */
export function addModelCommands(program: Command): void {
  program.commandsGroup('Training and models:');
  addEvaluate(program);
  const models = program
    .command('models')
    .description('Manage model versions. The champion is the version that reports; a challenger runs in shadow beside it.');
  models
    .command('list')
    .description('List the model versions of the registry, and which of them is champion or challenger.')
    .option(...lineOption)
    .option('--json', jsonLines, false)
    .addHelpText(
      'after',
      '\nThe first column is the version; the beginning of it names the version to other commands.\n\nExamples:\n  chest-ai models list\n  chest-ai models list --line ct --json',
    )
    .action(async (options: { line: string; json: boolean }) => (await import('../models.js')).listModels(options));
  models
    .command('show')
    .description('Show the networks, findings, origin and model card of a version.')
    .argument('[model]', anyModel, 'champion')
    .option(...lineOption)
    .option('--json', jsonObject, false)
    .addHelpText('after', '\nExamples:\n  chest-ai models show\n  chest-ai models show challenger\n  chest-ai models show 3f2a91 --json')
    .action(async (name: string, options: { line: string; json: boolean }) => (await import('../models.js')).showModel(name, options));
  addAdopt(models);
  addTry(models);
  addCompare(models);
  addGuard(models);
  addCalibrate(models);
  addGate(models);
  addChanges(models);
  models
    .command('shadow')
    .description('Compare a challenger with the champion on the studies that both have predicted.')
    .addHelpText('afterAll', `\n${besideService}`)
    .argument('[model]', 'version whose shadow predictions are compared', 'challenger')
    .option(...lineOption)
    .option('--json', jsonObject, false)
    .action(async (name: string, options: { line: string; json: boolean }) =>
      (await import('../models-shadow.js')).showShadow(name, options),
    );
  models
    .command('import')
    .description('Check a model folder (model.json, weights, CARD.md) and add it to the registry. It is not promoted.')
    .argument('<folder>', 'folder that `models export` or `train` wrote')
    .option(...lineOption)
    .action(async (folder: string, options: LineCommand) => (await import('../models-change.js')).importModel(folder, options));
  models
    .command('export')
    .description('Write a model version into a folder, to import it elsewhere or to use its networks in other programs.')
    .argument('<model>', anyModel)
    .requiredOption('--out <directory>', 'folder to write; it must be empty or not exist')
    .option(
      '--format <format>',
      'safetensors (the whole version, which can be imported) or onnx (each network as an ONNX file)',
      'safetensors',
    )
    .option(...lineOption)
    .addHelpText(
      'after',
      '\nExamples:\n  chest-ai models export champion --out model/\n  chest-ai models export champion --format onnx --out onnx/',
    )
    .action(async (name: string, options: LineCommand & { out: string; format: string }) =>
      (await import('../models-change.js')).exportModel(name, options),
    );
}

function addEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description(
      'Evaluate a model on a data set: metrics with confidence intervals as a page for physicians (report.html) and as JSON (report.json).',
    )
    .requiredOption(
      '--dataset <directory>',
      'data set made by `dataset import`, or a folder with metadata.csv and images/, or a folder with a folder of pictures per label',
    )
    .option('--model <model>', `model to evaluate: ${anyModel}`, 'champion')
    .option(...lineOption)
    .option('--network <kind>', 'network of the model to evaluate, xray or ct (default: xray if the model has one)')
    .option('--test-lock <file>', 'only the patients of this locked test set')
    .option('--parts <file>', 'parts.jsonl of a training run: only the images of the part that --part names')
    .option('--part <name>', 'train, validation, calibration, test, left-out or excluded', 'validation')
    .option('--out <directory>', 'folder for the two files (default: a folder below DATA_DIR/evaluations)')
    .option('--resamples <n>', 'number of bootstrap resamples (by patient) for the intervals', '1000')
    .option('--seed <n>', 'seed of the resamples', '0')
    .option('--json', jsonObject, false)
    .action(async (options: EvaluateCommand) => (await import('../evaluate.js')).evaluate(options));
}

function addTry(models: Command): void {
  models
    .command('try')
    .description('Analyze files or a study of the PACS with any model and print the findings. Nothing is stored and no report is written.')
    .argument('<model>', anyModel)
    .argument('[file...]', 'files, folders, patterns or -, as for analyze')
    .option(...lineOption)
    .option('--study <uid>', 'Study Instance UID of a study in the PACS (default: the files are analyzed)')
    .option('--json', jsonLines, false)
    .option('--csv', 'print CSV with a header, one row per file', false)
    .option('--output <file>', 'write the results for files into this file (default: standard output)')
    .option('--heatmap <directory>', 'write a PNG with the location of each finding of a file into this folder')
    .addHelpText(
      'after',
      '\nThe exit status is 0 only if everything could be analyzed.\n\nExamples:\n  chest-ai models try 3f2a91 chest.dcm\n  chest-ai models try challenger --study 1.2.840.1 --json',
    )
    .action(async (name: string, files: string[], options: TryCommand) =>
      (await import('../models-try.js')).tryModel(name, files, options),
    );
}

function addCompare(models: Command): void {
  models
    .command('compare')
    .description(
      'Compare two models on a data set: AUROC, sensitivity and specificity of each finding that both report, with intervals of the differences. Nothing is recorded.',
    )
    .argument('<first>', anyModel)
    .argument('<second>', anyModel)
    .requiredOption('--dataset <directory>', 'data set as for evaluate')
    .option('--test-lock <file>', 'only the patients of this locked test set')
    .option('--network <kind>', 'network to compare, xray or ct', 'xray')
    .option(...lineOption)
    .option('--resamples <n>', 'number of bootstrap resamples (by patient) for the intervals', '1000')
    .option('--seed <n>', 'seed of the resamples', '0')
    .option('--json', jsonObject, false)
    .action(async (first: string, second: string, options: CompareCommand) =>
      (await import('../models-compare.js')).compareModels(first, second, options),
    );
}

function addGuard(models: Command): void {
  models
    .command('guard')
    .description(
      'Fit the feature guard of a model on unlabelled images of your hospital. This makes a new version; images unlike them are refused by it.',
    )
    .argument('<model>', anyModel)
    .option('--studies <n>', 'number of studies: the newest of the PACS that the routing rules take (default: --folder)')
    .option('--folder <directory>', 'pictures and DICOM files instead of studies of the PACS (default: --studies)')
    .option(...lineOption)
    .option('--network <kind>', 'network whose guard is fitted, xray or ct', 'xray')
    .option('--json', jsonObject, false)
    .addHelpText('after', '\nAt least 100 images are needed.\n\nExample:\n  chest-ai models guard 3f2a91 --studies 500')
    .action(async (name: string, options: GuardCommand) => (await import('../models-guard.js')).guardModel(name, options));
}

function addCalibrate(models: Command): void {
  models
    .command('calibrate')
    .description(
      "Fit temperature and thresholds of a model on local labels: the readers' labels outside the locked test set, or a data set. This makes a new version.",
    )
    .argument('<model>', anyModel)
    .option('--dataset <directory>', "data set as for evaluate (default: the readers' labels)")
    .option(...lineOption)
    .option('--network <kind>', 'network that is calibrated, xray or ct', 'xray')
    .option('--min-patients <n>', 'number of patients with a finding, and without it, that are needed to calibrate it', '20')
    .option('--json', jsonObject, false)
    .addHelpText('afterAll', `\n${besideService}`)
    .action(async (name: string, options: CalibrateCommand) => (await import('../models-calibrate.js')).calibrateModel(name, options));
}

function addGate(models: Command): void {
  const gate = models
    .command('gate')
    .description(
      'Compare a version with the champion on a test set by every criterion of the gate, and write a change record. The exit status is 0 only if it passes.',
    )
    .argument('<model>', anyModel)
    .option(
      '--dataset <directory>',
      "data set as for evaluate; it must contain no image that either version was trained on (default: the locked test set of the readers' labels)",
    )
    .option('--test-lock <file>', 'only the patients of this locked test set')
    .option('--network <kind>', 'network to compare, xray or ct', 'xray')
    .option('--rules <file>', 'YAML or JSON file with margins and bounds that differ from the defaults')
    .option('--without-champion', 'evaluate the version alone, where there is no champion to compare with', false)
    .option('--promote', 'promote the version if it passes', false)
    .option(...lineOption)
    .option('--json', jsonObject, false)
    .action(async (name: string, options: GateCommand) => (await import('../models-gate.js')).gateModel(name, options));
  acceptFormerOption(gate, '--first', '--without-champion');
}

function addChanges(models: Command): void {
  const promote = models
    .command('promote')
    .description('Make a version that has passed the gate the champion. A running service switches to it by itself.')
    .argument('<model>', anyModel)
    .option('--without-gate', 'promote it although it has not passed the gate; needs --reason', false)
    .option('--reason <text>', reason)
    .option(...lineOption)
    .action(async (name: string, options: PromoteCommand) => (await import('../models-change.js')).promoteModel(name, options));
  const rollback = models
    .command('rollback')
    .description('Make the previous champion the champion again.')
    .option('--reason <text>', reason)
    .option(...lineOption)
    .action(async (options: LineCommand & { reason?: string }) => (await import('../models-change.js')).rollbackModel(options));
  const challenge = models
    .command('challenge')
    .description('Make a version the challenger: it predicts new studies in shadow, and its predictions are stored but never reported.')
    .argument('<model>', `${anyModel}; none ends the comparison`)
    .option('--reason <text>', reason)
    .option(...lineOption)
    .action(async (name: string, options: LineCommand & { reason?: string }) =>
      (await import('../models-change.js')).challengeModel(name, options),
    );
  for (const command of [promote, rollback, challenge]) acceptFormerOption(command, '--why <text>', '--reason');
}
