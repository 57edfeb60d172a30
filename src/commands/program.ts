import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { Fault } from '../errors.js';
import { applyFormerOptions } from './former-names.js';
import { addAccessCommands } from './groups/access.js';
import { addArchiveCommands } from './groups/archive.js';
import { addDatasetCommands } from './groups/datasets.js';
import { addModelCommands } from './groups/models.js';
import { addOperationCommands } from './groups/operation.js';
import { addStudyCommands } from './groups/studies.js';
import { addTrainingCommands } from './groups/training.js';

/**
 * The command line: its commands and options. Each command's code is imported when the command is called, so that `--help` loads
 * neither engine nor database.
 *
 * @param warn receives a sentence for each former name that was used
 */
export function commandLine(warn: (sentence: string) => void): Command {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string };
  const program = new Command()
    .name('chest-ai')
    .description(
      'AI companion to the Orthanc PACS: analyzes chest X-ray and CT studies and stores the findings as DICOM SR documents.\nNot for diagnosis.',
    )
    .version(version, '-V, --version', 'print the version of this program')
    .helpOption('-h, --help', 'print the help of a command')
    .helpCommand('help [command]', 'Print the help of a command.')
    .showHelpAfterError('Run the command with --help for its arguments and options.')
    .showSuggestionAfterError();
  program.hook('preAction', async (_, command) => {
    applyFormerOptions(command, warn);
    const { loadConfig, setTimeZone } = await import('../config.js');
    try {
      setTimeZone(loadConfig());
    } catch (error) {
      // The command reads the configuration itself and reports the fault.
      if (!(error instanceof Fault)) throw error;
    }
  });
  addOperationCommands(program);
  addStudyCommands(program);
  addArchiveCommands(program);
  addAccessCommands(program);
  addDatasetCommands(program);
  addModelCommands(program);
  addTrainingCommands(program);
  return program;
}
