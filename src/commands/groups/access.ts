import type { Command } from 'commander';
import { besideService, jsonLines, jsonObject, repeatable } from './option-values.js';

const accountRoles = 'role of the account: viewer, reader, operator or admin; may be given several times';

/** Commands on accounts, API tokens and the audit log. */
export function addAccessCommands(program: Command): void {
  program.commandsGroup('Access and audit:');
  addAccounts(program);
  addTokens(program);
  addAudit(program);
}

function addAccounts(program: Command): void {
  const accounts = program
    .command('accounts')
    .description('Manage the accounts of people who may log in.')
    .addHelpText('afterAll', `\n${besideService}`);
  accounts
    .command('add')
    .description('Add an account. Without --password-file a password is generated and printed once; it must be changed at the first login.')
    .argument('<name>', 'name of the new account')
    .requiredOption('--role <role>', accountRoles, repeatable, [])
    .option('--password-file <file>', 'file that contains the password (default: generate one)')
    .addHelpText('after', '\nExample:\n  chest-ai accounts add anna --role reader')
    .action(async (name: string, options: { role: string[]; passwordFile?: string }) =>
      (await import('../administration.js')).addAccount(name, options),
    );
  accounts
    .command('list')
    .description('List the accounts with their roles.')
    .option('--json', jsonLines, false)
    .action(async (options: { json: boolean }) => (await import('../administration.js')).listAccounts(options));
  accounts
    .command('disable')
    .description('Disable an account: it cannot log in any more, and its sessions end.')
    .argument('<name>', 'name of the account')
    .action(async (name: string) => (await import('../administration.js')).disableAccount(name));
  accounts
    .command('enable')
    .description('Enable a disabled account, so that it can log in again.')
    .argument('<name>', 'name of the account')
    .action(async (name: string) => (await import('../administration.js')).enableAccount(name));
  accounts
    .command('set-roles')
    .description('Replace the roles of a local account. Its sessions end.')
    .argument('<name>', 'name of the account')
    .requiredOption('--role <role>', accountRoles, repeatable, [])
    .action(async (name: string, options: { role: string[] }) => (await import('../administration.js')).setRoles(name, options));
  accounts
    .command('reset-password')
    .description('Generate a new password for a local account and print it once. Its sessions end.')
    .argument('<name>', 'name of the account')
    .action(async (name: string) => (await import('../administration.js')).resetPassword(name));
}

function addTokens(program: Command): void {
  const tokens = program
    .command('tokens')
    .description('Manage API tokens, with which programs use the API.')
    .addHelpText('afterAll', `\n${besideService}`);
  tokens
    .command('add')
    .description('Create an API token and print it once.')
    .argument('<name>', 'name of the program; the audit log records it')
    .requiredOption(
      '--role <role>',
      'role of the token, usually service, or metrics for Prometheus; may be given several times',
      repeatable,
      [],
    )
    .option('--days <n>', 'days until the token expires (default: never)')
    .addHelpText('after', '\nExample:\n  chest-ai tokens add worklist --role service --days 365')
    .action(async (name: string, options: { role: string[]; days?: string }) =>
      (await import('../administration.js')).addToken(name, options),
    );
  tokens
    .command('list')
    .description('List the API tokens with their roles, last use and expiry. The tokens themselves are not stored.')
    .option('--json', jsonLines, false)
    .action(async (options: { json: boolean }) => (await import('../administration.js')).listTokens(options));
  tokens
    .command('revoke')
    .description('Revoke an API token. Its name cannot be used again.')
    .argument('<name>', 'name of the token')
    .action(async (name: string) => (await import('../administration.js')).revokeToken(name));
}

function addAudit(program: Command): void {
  const audit = program.command('audit').description('Verify and export the audit log.').addHelpText('afterAll', `\n${besideService}`);
  audit
    .command('verify')
    .description('Verify that no entry of the audit log was changed, removed or inserted. The exit status is 1 if one was.')
    .option(
      '--head <n:hash>',
      'head of the log that an earlier verification printed; without it, entries removed from the end are not noticed',
    )
    .option('--json', jsonObject, false)
    .action(async (options: { head?: string; json: boolean }) => (await import('../audit.js')).verify(options));
  audit
    .command('export')
    .description('Print the entries of the audit log in order, one per line. The export itself is recorded in the log.')
    .option('--format <format>', 'json, or atna for AuditMessage XML (DICOM PS3.15 A.5, IHE ATNA)', 'json')
    .option('--after <n>', 'only entries with a number above this one (default: all)')
    .option(
      '--with-patients',
      'add the patient of each study, read from the PACS (format atna only). Patient data appear in the output and are stored nowhere else',
      false,
    )
    .action(async (options: { format: string; after?: string; withPatients: boolean }) => (await import('../audit.js')).exportLog(options));
  audit
    .command('fingerprint')
    .description('Print the keyed hash that stands in the audit log for a searched value, to find out who searched for a patient.')
    .argument('<keyword>', 'DICOM keyword (PatientID, PatientName or AccessionNumber), or text for the search field of the worklist')
    .argument('<value>', 'the value')
    .action(async (keyword: string, value: string) => (await import('../audit.js')).fingerprint(keyword, value));
}
