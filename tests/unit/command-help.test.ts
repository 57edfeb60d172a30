import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from 'commander';
import { withPresentCommand } from '../../src/commands/former-names.js';
import { commandLine } from '../../src/commands/program.js';

const silent = (): void => undefined;

function all(command: Command): Command[] {
  return [command, ...command.commands.flatMap(all)];
}

function pathOf(command: Command): string {
  return [command.parent ? pathOf(command.parent) : '', command.name()].join(' ').trim();
}

/** The left column of the table of terms; options such as "--once" are not searched, and "nightly" is allowed. */
const privateWords =
  /\b(verdicts?|settles?d?|deeds?|judg(e|es|ed|ing)|nights?|keeps?|kept|said|says?|whence|mends?|pulse|parked|in hand|in service|surroundings|strangers|newcomers|nobody|whoever|so much|so many|beside itself|go(es)? on|comes? of)\b/i;

test('every command, argument and option has a description in sentences of the field', () => {
  const faults = all(commandLine(silent)).flatMap((command) => [
    ...(/^[A-Z].*[.]$/s.test(command.description()) ? [] : [`${pathOf(command)}: description "${command.description()}"`]),
    ...command.options
      .filter((option) => !option.hidden && option.description.length < 6)
      .map((option) => `${pathOf(command)} ${option.flags}: no description`),
    ...command.registeredArguments
      .filter((argument) => argument.description.length < 6)
      .map((argument) => `${pathOf(command)} ${argument.name()}: no description`),
  ]);
  assert.deepEqual(faults, []);
});

test('no private word stands in any help', () => {
  const found = all(commandLine(silent)).flatMap((command) => {
    let text = '';
    command.configureOutput({ writeOut: (part) => (text += part) });
    command.outputHelp();
    const words = text.match(new RegExp(privateWords, 'gi'));
    return words ? [`${pathOf(command)}: ${words.join(', ')}`] : [];
  });
  assert.deepEqual(found, []);
});

test('an option with a value states its default or what its absence means, unless it is required', () => {
  const faults = all(commandLine(silent)).flatMap((command) =>
    command.options
      .filter((option) => (option.required || option.optional) && !option.mandatory && !option.hidden && option.defaultValue === undefined)
      .filter((option) => !/default: |only |without it|reason|continue with|write |expected |start with|file with/.test(option.description))
      .map((option) => `${pathOf(command)} ${option.flags}: ${option.description}`),
  );
  assert.deepEqual(faults, []);
});

for (const [given, wanted, reason] of [
  [['accounts', 'roles', 'anna', '--role', 'reader'], ['accounts', 'set-roles', 'anna', '--role', 'reader'], 'set-roles'],
  [['accounts', 'password', 'anna'], ['accounts', 'reset-password', 'anna'], 'reset-password'],
] as const)
  test(`the former command ${given.slice(0, 2).join(' ')} works and names the new one`, () => {
    const warnings: string[] = [];
    assert.deepEqual(
      withPresentCommand(given, (sentence) => warnings.push(sentence)),
      wanted,
    );
    assert.equal(warnings.length, 1);
    assert.ok(warnings[0]!.includes(reason));
  });

test('present commands are taken as they are, also where a former name is a value', () => {
  for (const given of [['accounts', 'set-roles', 'password'], ['models', 'list'], [], ['accounts'], ['help', 'accounts', 'roles']])
    assert.deepEqual(withPresentCommand(given, assert.fail), given);
});

for (const [path, former, present, value, others] of [
  ['train', '--rate', 'learningRate', '0.5', ['--dataset', 'set']],
  ['train', '--rate-frozen', 'learningRateFrozen', '0.5', ['--dataset', 'set']],
  ['train', '--first-rate', 'learningRateFirst', '0.5', ['--dataset', 'set']],
  ['train', '--batch', 'batchSize', '8', ['--dataset', 'set']],
  ['lr-find', '--batch', 'batchSize', '8', ['--dataset', 'set', '--out', 'lr']],
  ['models promote', '--why', 'reason', 'a test', ['1234']],
  ['models rollback', '--why', 'reason', 'a test', []],
  ['models challenge', '--why', 'reason', 'a test', ['1234']],
  ['models gate', '--first', 'withoutChampion', undefined, ['1234', '--dataset', 'set']],
] as const)
  test(`the former option ${former} of ${path} works and names the new one`, async () => {
    const warnings: string[] = [];
    const program = commandLine((sentence) => warnings.push(sentence));
    const command = all(program).find((one) => pathOf(one) === `chest-ai ${path}`)!;
    let seen: unknown;
    command.action((...values) => void (seen = (values.at(-2) as Record<string, unknown>)[present]));
    await program.parseAsync([...path.split(' '), ...others, former, ...(value === undefined ? [] : [value])], { from: 'user' });
    assert.equal(seen, value ?? true);
    assert.equal(warnings.length, 1);
    const flag = command.options.find((option) => option.attributeName() === present)!.long!;
    assert.ok(warnings[0]!.includes(`${former} is the former name of ${flag}`), warnings[0]);
  });

test('where an option is given under both names, the present one counts', async () => {
  const program = commandLine(silent);
  const command = all(program).find((one) => one.name() === 'rollback')!;
  let seen: unknown;
  command.action((options: { reason?: string }) => void (seen = options.reason));
  await program.parseAsync(['models', 'rollback', '--why', 'former', '--reason', 'present'], { from: 'user' });
  assert.equal(seen, 'present');
});

for (const [given, suggestion] of [
  [['analyse', 'file'], 'analyze'],
  [['models', 'lst'], 'list'],
  [['models', 'rollback', '--resaon', 'x'], '--reason'],
] as const)
  test(`"${given.join(' ')}" is refused with a suggestion`, async () => {
    const program = commandLine(silent);
    let text = '';
    for (const command of all(program)) command.exitOverride().configureOutput({ writeErr: (part) => (text += part) });
    await assert.rejects(program.parseAsync([...given], { from: 'user' }), { exitCode: 1 });
    assert.match(text, new RegExp(`Did you mean ${suggestion}\\?`));
  });

test('usability 16: analyze, models list, show and export, and dataset export have examples in their help; --version is known', () => {
  const program = commandLine(silent);
  assert.match(program.version() ?? '', /^\d+\.\d+\.\d+$/);
  for (const path of [
    'analyze',
    'models list',
    'models show',
    'models export',
    'models try',
    'dataset import',
    'dataset export',
    'train',
  ]) {
    const command = all(program).find((one) => pathOf(one) === `chest-ai ${path}`)!;
    let text = '';
    command.configureOutput({ writeOut: (part) => (text += part) });
    command.outputHelp();
    assert.match(text, new RegExp(`Examples?:\n +chest-ai ${path.split(' ')[0]}`), path);
  }
});
