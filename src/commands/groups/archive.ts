import type { Command } from 'commander';
import type { BackfillOptions } from '../backfill.js';
import type { EraseOptions } from '../erase.js';
import type { ServiceOptions } from '../service-api.js';
import { besideService, jsonLines, jsonObject, repeatable } from './option-values.js';
import type { RetrieveOptions } from '../retrieve.js';
import type { ReportOptions, SignOffOptions } from '../backfill-report.js';

const serviceHelp =
  'The commands use the database of the service, also while it runs. On another machine, or as another account, give a token of role admin with --token-file: the commands then use the HTTP API of the service.';

/** Analysis of the archive; erasing. */
export function addArchiveCommands(program: Command): void {
  program.commandsGroup('Studies:');
  addErase(program);
  addRetrieve(program);

  const backfill = withService(
    program
      .command('backfill')
      .description('Analyze studies of the archive, by Study Date, within limits; the running service does the work.'),
  )
    .option('--since <date>', 'first Study Date, YYYY-MM-DD (default: none; required to start)')
    .option('--until <date>', 'last Study Date, YYYY-MM-DD (default: none; required to start)')
    .option('--rule <name>', 'only studies that this routing rule takes (default: studies of all rules)')
    .option(
      '--model <version>',
      'analyze studies again whose result is by another version (default: only studies without a result): the deployed version, or in shadow any registered one, without which the challenger predicts',
    )
    .option('--per-hour <n>', 'studies per hour at most', '60')
    .option('--hours <hours>', 'hours of the day in which studies are queued, such as 20-06 (default: all)')
    .option('--shadow', 'silent trial: only predict; nothing is written to the PACS, and backfill report compares with labels', false)
    .option('--follow', 'show the progress until the end', false)
    .addHelpText(
      'after',
      `\n${serviceHelp}\n\nExamples:\n  chest-ai backfill --since 2020-01-01 --until 2024-12-31 --per-hour 120 --hours 20-06\n  chest-ai backfill --since 2020-01-01 --until 2024-12-31 --shadow --model champion\n  chest-ai backfill status`,
    )
    .action(async (options: BackfillOptions) => (await import('../backfill.js')).startBackfill(options));

  // commander gives options of the same name to the command above, wherever they stand.
  withService(backfill.command('status').description('Show the progress of the last analyses of the archive and the time left.'))
    .option('--follow', 'show the progress of the last analysis until its end', false)
    .action(async (_options: ServiceOptions, command: Command) =>
      (await import('../backfill.js')).showBackfills(command.optsWithGlobals()),
    );
  for (const [verb, description] of [
    ['pause', 'Queue no further studies.'],
    ['resume', 'Continue an analysis that was paused.'],
    ['cancel', 'End an analysis for good; results stay.'],
  ] as const)
    withService(backfill.command(verb).description(description).argument('<number>', 'as backfill status shows it')).action(
      async (id: string, _options: ServiceOptions, command: Command) =>
        (await import('../backfill.js')).changeBackfill(verb, id, command.optsWithGlobals()),
    );
  addReportCommands(backfill);
}

/** The report of a silent trial and its sign-off. */
function addReportCommands(backfill: Command): void {
  withService(
    backfill
      .command('report')
      .description('Write the report of a silent trial: predictions compared with labels, by site, scanner, view, sex and age group.')
      .argument('<number>', 'as backfill status shows it'),
  )
    .option('--html <file>', 'write a page to print (default: none)')
    .option('--pdf <file>', 'write a PDF (default: none)')
    .option('--figures <file>', 'write the figures that are signed, as JSON (default: none)')
    .option('--model-version <version>', 'if several versions predicted (default: the one with the most studies)')
    .option('--language <language>', 'of the files: en or de', 'en')
    .action(async (id: string, _options: ReportOptions, command: Command) =>
      (await import('../backfill-report.js')).writeTrialReport(id, command.optsWithGlobals()),
    );
  withService(
    backfill
      .command('sign-off')
      .description(
        'Sign the report of a silent trial; the statement is in the audit log. With --token-file the token needs the role operator.',
      )
      .argument('<number>', 'as backfill status shows it'),
  )
    .requiredOption('--name <name>', 'name of the person who signs')
    .requiredOption('--role <role>', "the person's function, such as Medical director")
    .requiredOption('--sha256 <hash>', 'of the figures that the person has read, as backfill report prints it')
    .option('--accept', 'the person accepts the report', false)
    .option('--reject', 'the person does not accept the report', false)
    .option('--comment <text>', 'without any attribute of a patient (default: none)')
    .option('--model-version <version>', 'if several versions predicted (default: the one with the most studies)')
    .action(async (id: string, _options: SignOffOptions, command: Command) =>
      (await import('../backfill-report.js')).signTrialReport(id, command.optsWithGlobals()),
    );
}

function addErase(program: Command): void {
  program
    .command('erase')
    .description(
      'Find everything that this program has of a patient, and erase it with --yes: its documents in the PACS, rows of the database, pictures for retraining. Images stay in the PACS.',
    )
    .option('--patient <id>', 'Patient ID, compared exactly (default: none; required without --study)')
    .option('--issuer <issuer>', 'Issuer of Patient ID, "" for studies that state none; required if several give the ID (default: none)')
    .option(
      '--study <uid>',
      'Study Instance UID in place of a patient, also of a study that was deleted; may be given several times',
      repeatable,
      [],
    )
    .option('--dry-run', 'only list what would be erased, also with --yes', false)
    .option('--yes', 'erase; without it the command only lists', false)
    .option('--allow', 'erase nothing: let studies that were erased be analysed again when something of them arrives', false)
    .option('--token-file <file>', 'file with a token of role admin; the command then uses the HTTP API of the running service')
    .option('--url <url>', 'address of the service, with --token-file (default: HOST and PORT of the settings on this machine)')
    .option('--json', jsonObject, false)
    .addHelpText(
      'after',
      `\n${serviceHelp}\n\nThe command names what erasing does not reach: messages and documents that other systems were sent, model versions that were trained on the patient's images. Backups are not changed.\n\nExamples:\n  chest-ai erase --patient 4711\n  chest-ai erase --patient 4711 --issuer CLINIC --yes`,
    )
    .action(async (options: EraseOptions) => (await import('../erase.js')).eraseCommand(options));
}

function addRetrieve(program: Command): void {
  program
    .command('retrieve')
    .description(
      'Retrieve studies of a range of Study Dates from another PACS into Orthanc: C-FIND day by day, C-MOVE one study at a time. Studies that Orthanc has are passed over, so the same command continues an interrupted one.',
    )
    .requiredOption('--from <name>', 'the PACS, as DicomModalities of Orthanc names it')
    .requiredOption('--since <date>', 'first Study Date, YYYY-MM-DD')
    .requiredOption('--until <date>', 'last Study Date, YYYY-MM-DD')
    .option('--modality <modality>', 'only studies with it; may be given several times (default: CR, DX and CT)', repeatable, [])
    .option('--target <aet>', 'AE title that the PACS sends to (default: that of Orthanc)')
    .option('--per-hour <n>', 'studies per hour at most', '300')
    .option('--timeout <minutes>', 'longest transfer of one study, in minutes', '10')
    .option('--json', jsonLines, false)
    .addHelpText('after', `\n${besideService}\n\nExample:\n  chest-ai retrieve --from PACS --since 2026-01-01 --until 2026-01-31`)
    .action(async (options: RetrieveOptions) => (await import('../retrieve.js')).retrieveCommand(options));
}

/** Options of a command that uses the running service, if a token is given. */
export function withService(command: Command): Command {
  return command
    .option('--token-file <file>', 'file with a token; the command then uses the HTTP API of the running service')
    .option('--url <url>', 'address of the service, with --token-file (default: HOST and PORT of the settings on this machine)')
    .option('--json', 'print JSON, one object per line', false);
}
