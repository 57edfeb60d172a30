import { Command } from 'commander';
import { Fault } from './errors.js';

/**
 * The command line. Each command is imported when it is called, so that `--help` needs no engine and no database.
 */
const program = new Command()
  .name('chest-ai')
  .description('AI companion to the Orthanc PACS: chest X-ray and CT studies in, findings as DICOM SR out.\nNot for diagnosis.')
  .showHelpAfterError();

program
  .command('serve')
  .description('the service, against ORTHANC_URL, else beside a private Orthanc')
  .action(async () => (await import('./commands/serve.js')).serve());

program
  .command('demo')
  .description('a private Orthanc, the service and synthetic chest studies; shows what comes of them')
  .option('--once', 'end when every study has its outcome; exit status 0 only then', false)
  .action(async (options: { once: boolean }) => (await import('./commands/demo.js')).demo(options));

program
  .command('analyze')
  .description('findings for DICOM, PNG or JPEG files, without a PACS')
  .argument('<file...>', 'files')
  .option('--json', 'one object a line', false)
  .option('--sr <directory>', 'write the documents of DICOM files there')
  .option('--heatmap <directory>', 'write the picture with the place of each finding there, as PNG')
  .action(async (files: string[], options: { json: boolean; sr?: string; heatmap?: string }) => (await import('./commands/analyze.js')).analyze(files, options));

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

const accounts = program.command('accounts').description('people who may log in; with the embedded database stop the service first, or use POST /api/accounts');
accounts
  .command('add')
  .argument('<name>')
  .requiredOption('--role <role>', 'viewer, reader, operator or admin; may be repeated', repeatable, [])
  .option('--password-file <file>', 'else one is made and shown')
  .action(async (name: string, options: { role: string[]; passwordFile?: string }) => (await import('./commands/administration.js')).addAccount(name, options));
accounts.command('list').option('--json', 'one object a line', false).action(async (options: { json: boolean }) => (await import('./commands/administration.js')).listAccounts(options));
accounts.command('disable').argument('<name>').action(async (name: string) => (await import('./commands/administration.js')).disableAccount(name));
accounts.command('password').description('a new password, shown once').argument('<name>').action(async (name: string) => (await import('./commands/administration.js')).resetPassword(name));

const tokens = program.command('tokens').description('programs that may ask');
tokens
  .command('add')
  .argument('<name>')
  .requiredOption('--role <role>', 'service, as a rule; may be repeated', repeatable, [])
  .option('--days <n>', 'how long it is valid; else for ever')
  .action(async (name: string, options: { role: string[]; days?: string }) => (await import('./commands/administration.js')).addToken(name, options));
tokens.command('list').option('--json', 'one object a line', false).action(async (options: { json: boolean }) => (await import('./commands/administration.js')).listTokens(options));
tokens.command('revoke').argument('<name>').action(async (name: string) => (await import('./commands/administration.js')).revokeToken(name));

const audit = program.command('audit').description('the log of who did what');
audit
  .command('verify')
  .description('whether the log is whole; exit status 1 if not')
  .option('--head <n:hash>', 'a head that an earlier verification printed')
  .option('--json', 'one object', false)
  .action(async (options: { head?: string; json: boolean }) => (await import('./commands/audit.js')).verify(options));

try {
  await program.parseAsync();
} catch (error) {
  // A folder that cannot be made, a file that cannot be written: the system's own sentence says it; only a bug needs a stack.
  if (error instanceof Fault || (error instanceof Error && 'syscall' in error)) console.error(`chest-ai: ${error.message}`);
  else console.error(error);
  process.exitCode = 1;
}
