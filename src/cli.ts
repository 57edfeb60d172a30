import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { EvaluateCommand } from './commands/evaluate.js';
import type { PromoteCommand } from './commands/models-change.js';
import type { GateCommand } from './commands/models-gate.js';
import { Fault } from './errors.js';
import { createPrivateFilesOnly } from './lib/private-files.js';

createPrivateFilesOnly();

/**
 * The command line. Each command is imported when it is called, so that `--help` needs no engine and no database.
 */
const program = new Command()
  .name('chest-ai')
  .description('AI companion to the Orthanc PACS: chest X-ray and CT studies in, findings as DICOM SR out.\nNot for diagnosis.')
  .version(
    (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version,
    '-V, --version',
    'the version of this program',
  )
  .showHelpAfterError();

// A reader of our output may have seen enough (`… | head -1`): then the command ends as if it were told to. The service goes on.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (process.argv[2] === 'serve') return;
    if (!process.emit('SIGTERM', 'SIGTERM')) process.exit();
  });
}
program.hook('preAction', async () => {
  const { applyTimeZone, loadConfig } = await import('./config.js');
  try {
    applyTimeZone(loadConfig());
  } catch (error) {
    // The command reads the configuration itself and reports it.
    if (!(error instanceof Fault)) throw error;
  }
});

program
  .command('serve')
  .description('the service, against ORTHANC_URL, else beside a private Orthanc')
  .option('--roles <list>', 'with several processes on one DATABASE_URL, what this one does: watch,work,train,web; else everything')
  .action(async (options: { roles?: string }) => (await import('./commands/serve.js')).serve(options));

program
  .command('demo')
  .description('a private Orthanc, the service and synthetic chest studies; shows what comes of them')
  .option('--once', 'end when every study has its outcome; exit status 0 only then', false)
  .option('--no-viewer', 'do not fetch the viewer (50 MB from npm)')
  .action(async (options: { once: boolean; viewer: boolean }) => (await import('./commands/demo.js')).demo(options));

program
  .command('viewer')
  .description('the OHIF viewer, which is served under /viewer')
  .command('fetch')
  .description('its files from npm, once (50 MB)')
  .action(async () => (await import('./commands/viewer.js')).fetchViewerFiles());

program
  .command('analyze')
  .description('findings for DICOM files and pictures (PNG, JPEG, TIFF, BMP, GIF, WebP), without a PACS')
  .argument('<file...>', 'files, folders, patterns such as "study/**/*.dcm", or - for a list of them on standard input, one a line')
  .option('--json', 'one object a line', false)
  .option('--csv', 'one row a file, with a head', false)
  .option('--sr <directory>', 'write the documents of DICOM files there')
  .option('--heatmap <directory>', 'write the picture with the place of each finding there, as PNG')
  .addHelpText(
    'after',
    '\nExamples:\n  chest-ai analyze chest.dcm\n  chest-ai analyze --csv study/ > results.csv\n  find /archive -name "*.dcm" | chest-ai analyze --json -',
  )
  .action(async (files: string[], options: { json: boolean; csv: boolean; sr?: string; heatmap?: string }) =>
    (await import('./commands/analyze.js')).analyze(files, options),
  );

program
  .command('doctor')
  .description('checks Orthanc, plugins, credentials, engines, disk, model and clock; each with its mend')
  .option('--json', 'one object a line', false)
  .action(async (options: { json: boolean }) => (await import('./commands/doctor.js')).doctor(options));

program
  .command('routes')
  .description('the routing rules')
  .command('test')
  .description('which studies already in the PACS each rule would take, and why not')
  .option('--since <date>', 'only studies from this date on, YYYY-MM-DD')
  .option('--json', 'one object a line', false)
  .action(async (options: { since?: string; json: boolean }) => (await import('./commands/routes-test.js')).testRoutes(options));

program
  .command('results')
  .description('results as the index has them, newest first')
  .option('--limit <n>', 'how many', '50')
  .option('--json', 'one object a line', false)
  .action(async (options: { limit: string; json: boolean }) => (await import('./commands/results.js')).listResults(options));

const repeatable = (value: string, before: string[]): string[] => [...before, value];

program
  .command('drift')
  .description(
    'whether what arrives is still what the model was trained on, and readers still agree with it; with the embedded database stop the service first, or use GET /api/drift',
  )
  .option('--json', 'one object', false)
  .action(async (options: { json: boolean }) => (await import('./commands/drift.js')).showDrift(options));

const accounts = program
  .command('accounts')
  .description('people who may log in; with the embedded database stop the service first, or use POST /api/accounts');
accounts
  .command('add')
  .argument('<name>')
  .requiredOption('--role <role>', 'viewer, reader, operator or admin; may be repeated', repeatable, [])
  .option('--password-file <file>', 'else one is made and shown')
  .action(async (name: string, options: { role: string[]; passwordFile?: string }) =>
    (await import('./commands/administration.js')).addAccount(name, options),
  );
accounts
  .command('list')
  .option('--json', 'one object a line', false)
  .action(async (options: { json: boolean }) => (await import('./commands/administration.js')).listAccounts(options));
accounts
  .command('disable')
  .argument('<name>')
  .action(async (name: string) => (await import('./commands/administration.js')).disableAccount(name));
accounts
  .command('enable')
  .description('lets a disabled account log in again')
  .argument('<name>')
  .action(async (name: string) => (await import('./commands/administration.js')).enableAccount(name));
accounts
  .command('roles')
  .description('other roles for a local account; its sessions end')
  .argument('<name>')
  .requiredOption('--role <role>', 'viewer, reader, operator or admin; may be repeated', repeatable, [])
  .action(async (name: string, options: { role: string[] }) => (await import('./commands/administration.js')).setRoles(name, options));
accounts
  .command('password')
  .description('a new password, shown once')
  .argument('<name>')
  .action(async (name: string) => (await import('./commands/administration.js')).resetPassword(name));

const tokens = program.command('tokens').description('programs that may ask');
tokens
  .command('add')
  .argument('<name>')
  .requiredOption('--role <role>', 'service, as a rule; may be repeated', repeatable, [])
  .option('--days <n>', 'how long it is valid; else for ever')
  .action(async (name: string, options: { role: string[]; days?: string }) =>
    (await import('./commands/administration.js')).addToken(name, options),
  );
tokens
  .command('list')
  .option('--json', 'one object a line', false)
  .action(async (options: { json: boolean }) => (await import('./commands/administration.js')).listTokens(options));
tokens
  .command('revoke')
  .argument('<name>')
  .action(async (name: string) => (await import('./commands/administration.js')).revokeToken(name));

const audit = program.command('audit').description('the log of who did what');
audit
  .command('fingerprint')
  .description('the keyed hash under which the audit log holds a search for a value; keyword text for the search of the worklist')
  .argument('<keyword>', 'of DICOM: PatientID, PatientName, AccessionNumber')
  .argument('<value>')
  .action(async (keyword: string, value: string) => (await import('./commands/audit.js')).fingerprint(keyword, value));
audit
  .command('verify')
  .description('whether the log is whole; exit status 1 if not')
  .option('--head <n:hash>', 'a head that an earlier verification printed')
  .option('--json', 'one object', false)
  .action(async (options: { head?: string; json: boolean }) => (await import('./commands/audit.js')).verify(options));
audit
  .command('export')
  .description('every entry in order, one a line; itself a deed that is recorded')
  .option('--format <format>', 'json, or atna: AuditMessage of DICOM PS3.15 A.5', 'json')
  .option('--after <n>', 'only entries after this number')
  .option('--with-patients', 'atna only: asks the PACS for the patient of each study; they stand in the output and nowhere else', false)
  .action(async (options: { format: string; after?: string; withPatients: boolean }) =>
    (await import('./commands/audit.js')).exportLog(options),
  );

const dataset = program.command('dataset').description('data sets to train on');

dataset
  .command('import')
  .description('a list of images with their findings (metadata.csv) becomes a data set: a folder a class, and a manifest')
  .requiredOption('--metadata <csv>', 'the list')
  .requiredOption('--images <directory>', 'the images that it names')
  .requiredOption('--out <directory>', 'the data set; added to if it is there')
  .option('--kind <kind>', 'one-of-many or several; several if any cell joins findings by a bar')
  .option('--source <name>', 'where the images are from, if the list does not say; the name of its folder')
  .option('--findings <list>', 'the only findings that may occur, as slugs, separated by commas')
  .option('--views <list>', 'take these views only, as the list writes them')
  .option(
    '--column <name=heading>',
    'the heading of patient, finding, filename, view or source in this list',
    (pair: string, before: readonly string[]) => [...before, pair],
    [],
  )
  .option('--json', 'one object', false)
  .action(async (options) => (await import('./commands/dataset.js')).importCommand(options));

dataset
  .command('verify')
  .description('decodes every image, says which are broken, changes nothing')
  .requiredOption('--dataset <directory>', 'the data set')
  .option('--repair-into <directory>', 'write a data set of the good images, as PNG, there')
  .option('--max-size <pixels>', 'longest side of what is written there')
  .option('--size <pixels>', 'side of the network input that pictures are kept for', '224')
  .option('--json', 'one object', false)
  .action(async (options) => (await import('./commands/dataset.js')).verifyCommand(options));

dataset
  .command('show')
  .description('a batch as the network will see it: batch.png and batch.html')
  .requiredOption('--dataset <directory>', 'the data set')
  .requiredOption('--out <directory>', 'where to write')
  .option('--count <n>', 'how many images', '25')
  .option('--size <pixels>', 'side of the network input', '224')
  .option('--seed <n>', 'which images and which changes', '1')
  .option('--plain', 'unchanged, as validation sees them', false)
  .option('--flip', 'mirror half of them (and their hearts)', false)
  .action(async (options) => (await import('./commands/dataset.js')).showCommand(options));

/** What `train` and `lr-find` share. */
function withTrainingOptions(command: Command): Command {
  return command
    .requiredOption('--dataset <directory>', 'a data set made by `dataset import`; may be repeated', repeatable, [])
    .option('--network <name>', 'starter, resnet-18, resnet-34, resnet-50, densenet-121 or mobilenet-v2', 'starter')
    .option('--head <name>', 'torchvision, or fastai (two linear layers with dropout); fastai, but for the starter')
    .option(
      '--weights <file>',
      'published weights: a file (safetensors, .pth) or a name that `weights fetch` fetched; without them training is from scratch',
    )
    .option('--channels <n>', 'of the network input, 1 or 3; 3 with --weights, else 1')
    .option('--from <model>', 'champion, challenger, a version or a folder: go on with its network')
    .option('--size <pixels>', 'side of the network input', '224')
    .option('--classes <list>', 'what the outputs are called; those of the data set if not given')
    .option('--objective <kind>', 'one-of-many or several; as the data set is, if not given')
    .option('--use <kind>', 'xray or ct: what the network is for', 'xray')
    .option('--epochs-frozen <n>', 'of the head alone; 6, from scratch none')
    .option('--frozen <kind>', 'head: features computed once; head-train-bn: as fastai, with augmentation', 'head')
    .option('--rate-frozen <rate>', 'highest learning rate of the head alone', '3e-3')
    .option('--epochs <n>', 'of all layers', '10')
    .option('--rate <rate>', 'highest learning rate of the last layers', '1e-3')
    .option('--first-rate <rate>', 'of the first layers; a tenth of --rate if not given')
    .option('--batch <n>', 'images a step; up to 16 by memory if not given')
    .option('--seed <n>', 'of split, first weights, order and augmentation', '42')
    .option('--one-cycle <version>', 'fastai 1 or 2', '1')
    .option('--balance <how>', 'none, class-weights, class-sampling or source-sampling', 'none')
    .option('--weight-decay <n>', 'decoupled, as AdamW has it', '0.01')
    .option('--label-smoothing <n>', 'of the targets', '0')
    .option('--flip', 'mirror half of the images (and their hearts)', false)
    .option('--augment <how>', 'fastai, robust (grey scales and covered borders besides) or none', 'fastai')
    .option('--validation <share>', 'of the images', '0.2')
    .option('--calibration <share>', 'of the images: temperature and thresholds are fitted on them', '0.1')
    .option('--test <share>', 'lock a test set of this share for good, if the data set has none yet')
    .option('--by-file', 'split by file: images of one patient on both sides, figures that flatter', false)
    .option('--leave-out <source>', 'train without this source; may be repeated', repeatable, [])
    .option('--json', 'one object', false);
}

withTrainingOptions(
  program.command('train').description('data sets become a model version in the registry; interrupted, the same command goes on'),
)
  .option('--run <directory>', 'checkpoints, log and curves; below DATA_DIR if not given')
  .option('--time-limit <minutes>', 'stop then, with a checkpoint (exit status 75)')
  .option('--name <text>', 'what the model is called')
  .action(async (options) => (await import('./commands/train.js')).train(options));

program
  .command('train-starter')
  .description('the small model that ships, from published sets (folders with metadata.csv and images/), by this pipeline')
  .requiredOption('--data <directory>', 'the folder of the sets')
  .requiredOption('--work <directory>', 'data sets, cache and runs; the same command goes on from there')
  .option('--use <kind>', 'xray or ct', 'xray')
  .option('--epochs <n>', 'of all layers', '12')
  .option('--leave-out <source>', 'train without this source; may be repeated', repeatable, [])
  .option('--time-limit <minutes>', 'stop then, with a checkpoint (exit status 75)')
  .option('--limit <n>', 'of the images only so many, to try it out')
  .option('--size <n>', 'side of the network’s input', '192')
  .option('--recipe <file>', 'JSON: what is to be otherwise in the recipe')
  .option('--from <model>', 'begin with the body of its X-ray network; with --use ct that network is kept beside the new one')
  .action(async (options) => (await import('./commands/train-starter.js')).trainStarter(options));

withTrainingOptions(program.command('lr-find').description('which learning rate suits network and data set, with a plot'))
  .requiredOption('--out <directory>', 'where the plot goes')
  .option('--stage <what>', 'head or all', 'all')
  .action(async (options) => (await import('./commands/lr-find.js')).lrFind(options));

program
  .command('evaluate')
  .description('what a model is worth on a data set: figures with intervals, a page that a physician can read, JSON')
  .requiredOption(
    '--dataset <directory>',
    'made by `dataset import`, with metadata.csv and images/, or with a folder of pictures for each label',
  )
  .option('--model <model>', 'champion, challenger, the beginning of a version, or a folder', 'champion')
  .option('--network <kind>', 'xray or ct; xray if the model has one')
  .option('--test-lock <file>', 'only the patients that this lock keeps for testing')
  .option('--parts <file>', 'parts.jsonl of a training run: only the images that it used for --part')
  .option('--part <name>', 'train, validation, calibration, test, left-out or excluded', 'validation')
  .option('--out <directory>', 'for report.html and report.json; below DATA_DIR/evaluations if not given')
  .option('--resamples <n>', 'how often the patients are drawn again for an interval', '1000')
  .option('--seed <n>', 'of the resamples', '0')
  .option('--json', 'one object, on one line', false)
  .action(async (options: EvaluateCommand) => (await import('./commands/evaluate.js')).evaluate(options));

program
  .command('rebuild')
  .description('the index once more, from the PACS alone: results, assessments, labels and cursor; nothing is written to the PACS')
  .option('--json', 'one object', false)
  .action(async (options: { json: boolean }) => (await import('./commands/rebuild.js')).rebuildCommand(options));

program
  .command('retrain')
  .description('what the night does: train on what readers have labelled, and promote only what passes the gate')
  .option('--now', 'at once', false)
  .option('--json', 'one object', false)
  .action(async (options: { now: boolean; json: boolean }) => (await import('./commands/retrain.js')).retrainCommand(options));

const labels = program.command('labels').description('what readers said of studies');
labels
  .command('import')
  .description('a list of studies (StudyInstanceUID or AccessionNumber) with their findings becomes assessments in the PACS')
  .argument('<csv>', 'columns finding and decision, or a column for each finding')
  .requiredOption('--reader <name>', 'in whose name: the account that made the list')
  .option('--json', 'one object', false)
  .action(async (file: string, options: { reader: string; json: boolean }) =>
    (await import('./commands/labels.js')).importLabelsCommand(file, options),
  );
labels
  .command('list')
  .description('what the readers together say of each finding of each study, and where they disagree')
  .option('--disagreed', 'only those', false)
  .option('--json', 'one object a line', false)
  .action(async (options: { disagreed: boolean; json: boolean }) => (await import('./commands/labels.js')).listLabels(options));

const weights = program.command('weights').description('published weights to begin training with');
weights
  .command('list')
  .description('which are known by name, and which are here')
  .option('--json', 'one object a line', false)
  .action(async (options: { json: boolean }) => (await import('./commands/weights.js')).listWeights(options));
weights
  .command('fetch')
  .description('from its publisher, checked, into DATA_DIR/weights')
  .argument('<name>', 'as `weights list` has it')
  .option('--to <directory>', 'somewhere else')
  .option('--sha256 <digits>', 'of the file, where its publisher states none, or to compare all 64 digits')
  .option('--json', 'one object', false)
  .action(async (name: string, options: { to?: string; sha256?: string; json: boolean }) =>
    (await import('./commands/weights.js')).fetchWeights(name, options),
  );

const models = program.command('models').description('model versions: which there are, which one serves');
models
  .command('list')
  .option('--json', 'one object a line', false)
  .action(async (options: { json: boolean }) => (await import('./commands/models.js')).listModels(options));
models
  .command('show')
  .argument('[model]', 'champion, challenger, the beginning of a version, or a folder', 'champion')
  .option('--json', 'one object', false)
  .action(async (name: string, options: { json: boolean }) => (await import('./commands/models.js')).showModel(name, options));
models
  .command('gate')
  .description('a version beside the champion on a test set: every criterion, and a change record; exit status 0 only if it passes')
  .argument('<model>')
  .requiredOption('--dataset <directory>', 'as for evaluate; no image of which either version was trained on')
  .option('--test-lock <file>', 'only the patients that this lock keeps for testing')
  .option('--network <kind>', 'xray or ct', 'xray')
  .option('--rules <file>', 'margins and bounds, YAML or JSON')
  .option('--first', 'judge it without the champion', false)
  .option('--promote', 'put it in service if it passes', false)
  .option('--json', 'one object', false)
  .action(async (name: string, options: GateCommand) => (await import('./commands/models-gate.js')).gateModel(name, options));
models
  .command('promote')
  .description('puts a version in service that passed the gate; a running service takes it by itself')
  .argument('<model>')
  .option('--without-gate', 'although it did not pass; needs --why', false)
  .option('--why <reason>', 'kept in the history')
  .action(async (name: string, options: PromoteCommand) => (await import('./commands/models-change.js')).promoteModel(name, options));
models
  .command('rollback')
  .description('the champion before the present one serves again')
  .option('--why <reason>', 'kept in the history')
  .action(async (options: { why?: string }) => (await import('./commands/models-change.js')).rollbackModel(options));
models
  .command('challenge')
  .description('a version judges new studies in shadow: kept and compared, never shown as findings')
  .argument('<model>', 'or none')
  .option('--why <reason>', 'kept in the history')
  .action(async (name: string, options: { why?: string }) => (await import('./commands/models-change.js')).challengeModel(name, options));
models
  .command('shadow')
  .description('a challenger beside the champion on the studies that both judged; with the embedded database not beside a running service')
  .argument('[model]', 'whose answers', 'challenger')
  .option('--json', 'one object', false)
  .action(async (name: string, options: { json: boolean }) => (await import('./commands/models-shadow.js')).showShadow(name, options));
models
  .command('import')
  .description('a folder with model.json, checked; it is not put in service')
  .argument('<folder>')
  .action(async (folder: string) => (await import('./commands/models-change.js')).importModel(folder));
models
  .command('export')
  .argument('<model>')
  .requiredOption('--out <directory>', 'empty, or not there yet')
  .option('--format <format>', 'safetensors (the whole version, to import elsewhere) or onnx', 'safetensors')
  .action(async (name: string, options: { out: string; format: string }) =>
    (await import('./commands/models-change.js')).exportModel(name, options),
  );

try {
  await program.parseAsync();
} catch (error) {
  // A folder that cannot be made, a file that cannot be written: the system's own sentence says it; only a bug needs a stack.
  if (error instanceof Fault || (error instanceof Error && 'syscall' in error)) console.error(`chest-ai: ${error.message}`);
  else console.error(error);
  process.exitCode = 1;
}
