import { commandLine } from './commands/program.js';
import { withPresentCommand } from './commands/former-names.js';
import { Fault } from './errors.js';
import { createPrivateFilesOnly } from './lib/private-files.js';

createPrivateFilesOnly();

// Where the reader of the output has ended (`… | head -1`), a command stops as after SIGTERM. The service continues.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (process.argv[2] === 'serve') return;
    if (!process.emit('SIGTERM', 'SIGTERM')) process.exit();
  });
}

const warn = (sentence: string): void => console.error(`chest-ai: warning: ${sentence}`);
try {
  await commandLine(warn).parseAsync(withPresentCommand(process.argv.slice(2), warn), { from: 'user' });
} catch (error) {
  // A Fault and an error of the operating system (a folder that cannot be created) explain themselves; only a bug needs its stack.
  if (error instanceof Fault || (error instanceof Error && 'syscall' in error)) console.error(`chest-ai: ${error.message}`);
  else console.error(error);
  process.exitCode = 1;
}
