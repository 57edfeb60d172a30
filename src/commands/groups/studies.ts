import type { Command } from 'commander';
import type { AnalyzeOptions } from '../analyze.js';
import type { ServiceOptions } from '../service-api.js';
import { withService } from './archive.js';
import { besideService, jsonLines, jsonObject, lineOption } from './option-values.js';

/** Commands on studies: analyze files, list results, import and list labels, read texts of reports, check for drift. */
export function addStudyCommands(program: Command): void {
  program.commandsGroup('Studies:');

  program
    .command('analyze')
    .description('Analyze DICOM files and pictures (PNG, JPEG, TIFF, BMP, GIF, WebP) without a PACS and print the findings.')
    .argument(
      '<file...>',
      'files, folders, patterns such as "study/**/*.dcm", or - to read a list of files from standard input, one per line',
    )
    .option('--format <format>', 'text, json (one object per line) or csv (a header and one row per file) (default: text)')
    .option('--output <file>', 'write the results into this file (default: standard output)')
    .option('--json', 'same as --format json', false)
    .option('--csv', 'same as --format csv', false)
    .option('--sr <directory>', 'write the DICOM SR documents of DICOM files into this folder')
    .option('--heatmap <directory>', 'write a PNG with the location of each finding into this folder')
    .addHelpText(
      'after',
      '\nResults are written in the order of the files, each as soon as it is known; the slices of a CT come last, one study at a time. The number of files that are done is shown on standard error. The exit status is 0 only if every file could be analyzed.\n\nExamples:\n  chest-ai analyze chest.dcm\n  chest-ai analyze --format csv --output results.csv study/\n  chest-ai analyze --format csv "archive/**/*.dcm" --output results.csv\n  find /archive -name "*.dcm" | chest-ai analyze --format json - > results.jsonl\n  chest-ai analyze --sr documents/ --heatmap heat-maps/ chest.dcm',
    )
    .action(async (files: string[], options: AnalyzeOptions) => (await import('../analyze.js')).analyze(files, options));

  withService(
    program
      .command('request')
      .description('Request the analysis of studies in the PACS, whatever the routing rules select; the running service does the work.')
      .argument('<uid...>', 'Study Instance UIDs'),
  )
    .addHelpText(
      'after',
      '\nThe command uses the database of the service, also while it runs. On another machine, or as another account, give a token of role reader with --token-file: the command then uses the HTTP API of the service. The exit status is 1 if a study could not be requested.\n\nExample:\n  chest-ai request 1.2.840.113619.2.5.1 --token-file reader-token',
    )
    .action(async (uids: string[], options: ServiceOptions) => (await import('../request.js')).requestStudies(uids, options));

  program
    .command('results')
    .description('List recent results, newest first.')
    .addHelpText('afterAll', `\n${besideService}`)
    .option('--limit <n>', 'number of results', '50')
    .option('--json', jsonLines, false)
    .action(async (options: { limit: string; json: boolean }) => (await import('../results.js')).listResults(options));

  program
    .command('drift')
    .description(
      'Check whether recent studies still resemble the training data and whether readers still agree with the model. Nothing is stored and no alarm is raised.',
    )
    .addHelpText('afterAll', `\n${besideService}`)
    .option('--json', jsonObject, false)
    .addHelpText('after', '\nThe exit status is 3 if drift was found. While the service runs, GET /api/drift gives its last check.')
    .option(...lineOption)
    .action(async (options: { json: boolean; line: string }) => (await import('../drift.js')).showDrift(options));

  const labels = program
    .command('labels')
    .description("Manage labels: readers' assessments of findings, from which the model is retrained.");
  labels
    .command('import')
    .description('Import labels from a CSV file; each study gets an assessment as a DICOM SR document in the PACS.')
    .argument(
      '<csv>',
      'file with a column StudyInstanceUID or AccessionNumber, and either the columns finding and decision or one column per finding',
    )
    .requiredOption('--reader <name>', 'account of the person who made the labels; the documents name this person as observer')
    .option('--json', jsonObject, false)
    .action(async (file: string, options: { reader: string; json: boolean }) =>
      (await import('../labels.js')).importLabelsCommand(file, options),
    );
  labels
    .command('list')
    .description('List the label of each finding of each study, and the assessments of the readers where they disagree.')
    .addHelpText('afterAll', `\n${besideService}`)
    .option('--disagreed', 'only findings on which the readers disagree', false)
    .option('--json', jsonLines, false)
    .action(async (options: { disagreed: boolean; json: boolean }) => (await import('../labels.js')).listLabels(options));

  const reports = program.command('reports').description("Read findings from texts of radiologists' reports.");
  reports
    .command('try')
    .description('Print what the rules read in a text: each finding with its words, the cue and the reason. Nothing is stored or sent.')
    .argument('<file>', 'text of a report, an HL7 message with a report, or - for standard input')
    .option('--rules <file>', 'file with rules (default: the setting radiologyReports.rulesFile)')
    .option('--all', 'also findings that the text does not mention', false)
    .option('--json', jsonLines, false)
    .action(async (file: string, options: { rules?: string; all: boolean; json: boolean }) =>
      (await import('../reports.js')).tryReport(file, options),
    );
}
