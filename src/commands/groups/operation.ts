import type { Command } from 'commander';
import { besideService, jsonLines, jsonObject } from './option-values.js';

/** Commands that run, check and repair the service. */
export function addOperationCommands(program: Command): void {
  program.commandsGroup('Service:');

  program
    .command('serve')
    .description('Run the service with the Orthanc at ORTHANC_URL; without ORTHANC_URL it starts a private Orthanc.')
    .option(
      '--roles <list>',
      'what this process does, separated by commas: watch (read the PACS), work (report studies), train (retrain, check for drift), web (web interface and API). Only useful with several processes on one DATABASE_URL (default: all)',
    )
    .addHelpText('after', '\nExamples:\n  chest-ai serve\n  chest-ai serve --roles work,web')
    .action(async (options: { roles?: string }) => (await import('../serve.js')).serve(options));

  program
    .command('demo')
    .description('Start a private Orthanc and the service, send synthetic chest studies and show the results.')
    .option('--once', 'end when every study has a result; the exit status is 0 only if each is the expected one', false)
    .option('--no-viewer', 'do not download the OHIF viewer (50 MB from npm)')
    .action(async (options: { once: boolean; viewer: boolean }) => (await import('../demo.js')).demo(options));

  program
    .command('doctor')
    .description(
      'Check the installation (configuration, Orthanc and its plugins, credentials, database, compute engines, disk space, model, clocks) and suggest a fix for each problem.',
    )
    .option('--json', jsonLines, false)
    .action(async (options: { json: boolean }) => (await import('../doctor.js')).doctor(options));

  program
    .command('rebuild')
    .description(
      'Recreate the database index (results, assessments, labels, position in the change log) from the documents in the PACS. Nothing is written to the PACS.',
    )
    .addHelpText('afterAll', `\n${besideService}`)
    .option('--json', jsonObject, false)
    .action(async (options: { json: boolean }) => (await import('../rebuild.js')).rebuildCommand(options));

  program
    .command('viewer')
    .description('Manage the OHIF viewer, which the service offers under /viewer.')
    .command('fetch')
    .description('Download the OHIF viewer from npm (50 MB) and check it against its published hash.')
    .action(async () => (await import('../viewer.js')).fetchViewerFiles());

  program
    .command('routes')
    .description('Inspect the routing rules (config/routing.yaml), which select the studies to analyze.')
    .command('test')
    .description('Show for each study in the PACS which routing rule selects it, or why none does. Nothing is analyzed.')
    .option('--since <date>', 'only studies with a Study Date from this day on, YYYY-MM-DD (default: all)')
    .option('--json', jsonLines, false)
    .addHelpText('after', '\nExample:\n  chest-ai routes test --since 2026-01-01')
    .action(async (options: { since?: string; json: boolean }) => (await import('../routes-test.js')).testRoutes(options));
}
