import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A program that is measured beside ours: it prints `ready`, and for every line that it reads does one piece of work and prints a line of figures. */
export interface Side {
  /** @returns the figures */
  turn(): Promise<readonly number[]>;
  end(): Promise<void>;
}

/** @returns undefined where the program is not installed */
export async function startSide(program: string, given: readonly string[]): Promise<Side | undefined> {
  const child: ChildProcess = spawn(program, given, { stdio: ['pipe', 'pipe', 'ignore'] });
  const exited = once(child, 'close').catch(() => undefined);
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  if ((await lines.next()).value !== 'ready') return undefined;
  return {
    turn: async () => {
      child.stdin!.write('step\n');
      return String((await lines.next()).value)
        .split(' ')
        .map(Number);
    },
    end: async () => {
      child.stdin!.end();
      await exited;
    },
  };
}
