import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandLine } from '../../src/commands/program.js';
import { nearestName } from '../../src/lib/nearest-name.js';

test('the nearest name: one letter wrong, missing, additional or swapped; nothing where no name is near', () => {
  const names = ['retrain', 'rebuild', 'results', 'routes', 'doctor'];
  for (const [given, nearest] of [
    ['retrian', 'retrain'],
    ['rebuld', 'rebuild'],
    ['resultss', 'results'],
    ['DOCTOR', 'doctor'],
    ['dactor', 'doctor'],
    ['route', 'routes'],
    ['serve', undefined],
    ['', undefined],
    ['x'.repeat(1_000_000), undefined],
  ] as const)
    assert.equal(nearestName(given, names), nearest, given.slice(0, 20));
});

/** What the program prints when it is called with these arguments, and does not accept them. */
async function refusalOf(parameters: readonly string[]): Promise<string> {
  let output = '';
  const program = commandLine(() => undefined);
  const quiet = (command: typeof program): void => {
    command.exitOverride().configureOutput({ writeErr: (text) => (output += text), writeOut: (text) => (output += text) });
    for (const inner of command.commands) quiet(inner as typeof program);
  };
  quiet(program);
  await assert.rejects(program.parseAsync([...parameters], { from: 'user' }));
  return output;
}

test('an unknown command or option is refused with the nearest one', async () => {
  for (const [parameters, nearest] of [
    [['docter'], 'doctor'],
    [['retrian'], 'retrain'],
    [['accounts', 'ad', 'anna'], 'add'],
    [['models', 'promot', '1'], 'promote'],
    [['results', '--limt', '5'], '--limit'],
    [['audit', 'export', '--with-patient'], '--with-patients'],
  ] as const)
    assert.match(await refusalOf(parameters), new RegExp(`Did you mean ${nearest}\\?`), parameters.join(' '));
});
