import type { Command } from 'commander';
import type { BackfillOptions } from '../backfill.js';
import type { ServiceOptions } from '../service-api.js';

const serviceHelp =
  'The commands open the database of the service. The embedded database can be opened by one process only: while the service runs, give a token of role admin with --token-file, and the command uses the HTTP API of the service.';

/** Analysis of the archive. */
export function addArchiveCommands(program: Command): void {
  program.commandsGroup('Studies:');

  const backfill = withService(
    program
      .command('backfill')
      .description('Analyze studies of the archive, by Study Date, within limits; the running service does the work.'),
  )
    .option('--since <date>', 'first Study Date, YYYY-MM-DD (default: none; required to start)')
    .option('--until <date>', 'last Study Date, YYYY-MM-DD (default: none; required to start)')
    .option('--rule <name>', 'only studies that this routing rule takes (default: studies of all rules)')
    .option('--per-hour <n>', 'studies per hour at most', '60')
    .option('--hours <hours>', 'hours of the day in which studies are queued, such as 20-06 (default: all)')
    .option('--shadow', 'only let the challenger predict for studies that have a report; nothing is written to the PACS', false)
    .addHelpText(
      'after',
      `\n${serviceHelp}\n\nExamples:\n  chest-ai backfill --since 2020-01-01 --until 2024-12-31 --per-hour 120 --hours 20-06\n  chest-ai backfill status`,
    )
    .action(async (options: BackfillOptions) => (await import('../backfill.js')).startBackfill(options));

  // commander gives options of the same name to the command above, wherever they stand.
  withService(backfill.command('status').description('Show the progress of the last analyses of the archive and the time left.')).action(
    async (_options: ServiceOptions, command: Command) => (await import('../backfill.js')).showBackfills(command.optsWithGlobals()),
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
}

/** Options of a command that uses the running service, if a token is given. */
export function withService(command: Command): Command {
  return command
    .option('--token-file <file>', 'file with a token; the command then uses the HTTP API of the running service')
    .option('--url <url>', 'address of the service, with --token-file (default: HOST and PORT of the settings on this machine)')
    .option('--json', 'print JSON, one object per line', false);
}
