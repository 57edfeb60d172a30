import { type Command, Option } from 'commander';

/** Commands that had another name in releases up to 0.2.0. The former names work for one more release. */
const formerCommands: readonly { readonly former: readonly string[]; readonly present: readonly string[] }[] = [
  { former: ['accounts', 'roles'], present: ['accounts', 'set-roles'] },
  { former: ['accounts', 'password'], present: ['accounts', 'reset-password'] },
];

type Warn = (sentence: string) => void;

/** Replaces the former name of a command at the beginning of the arguments by its present one. */
export function withPresentCommand(given: readonly string[], warn: Warn): readonly string[] {
  const found = formerCommands.find(({ former }) => former.every((word, index) => given[index] === word));
  if (!found) return given;
  warn(deprecation(found.former.join(' '), found.present.join(' ')));
  return [...found.present, ...given.slice(found.former.length)];
}

const formerOptions = new WeakMap<Command, { readonly former: Option; readonly present: string }[]>();

/** Accepts an option under its former name too, without showing it in the help. */
export function acceptFormerOption(command: Command, former: string, present: string): Command {
  const option = new Option(former).hideHelp();
  command.addOption(option);
  formerOptions.set(command, [...(formerOptions.get(command) ?? []), { former: option, present }]);
  return command;
}

/** Gives the values of former options to the present ones; to be called before the command's action. */
export function applyFormerOptions(command: Command, warn: Warn): void {
  for (const { former, present } of formerOptions.get(command) ?? []) {
    const value: unknown = command.getOptionValue(former.attributeName());
    if (value === undefined) continue;
    const option = command.options.find(({ long }) => long === present)!;
    warn(deprecation(former.long!, present));
    const isGiven = command.getOptionValueSource(option.attributeName()) === 'cli';
    if (!isGiven) command.setOptionValueWithSource(option.attributeName(), value, 'cli');
  }
}

function deprecation(former: string, present: string): string {
  return `${former} is the former name of ${present} and will be removed in the next release: use ${present}`;
}
