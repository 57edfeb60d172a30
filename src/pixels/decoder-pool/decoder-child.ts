import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { countedCodeRangeMb } from '../../lib/code-range.js';
import { answerOf, MessageReader, messageParts, type TaskHead } from './decoder-messages.js';
import type { DecoderAnswer, DecoderTask } from './decoder-tasks.js';

/** A file above this size is cached by its decoder, in case the next task is for another frame of it. */
const minCachedBytes = 16 << 20;

export interface DecoderLimits {
  /** JavaScript heap of a process; the pixels live outside it. */
  readonly heapMb: number;
  /** All memory that a process may write to, that of native code included; what V8 reserves for machine code is added. */
  readonly memoryMb: number;
}

/**
 * No core file, which would contain a patient's pixels; the limit of memory, which the kernel keeps (RLIMIT_DATA; macOS has none); and
 * first in line when the machine runs out of memory, so that the service is not.
 */
const limited = 'ulimit -c 0; ulimit -d "$1"; shift; { echo 1000 > /proc/self/oom_score_adj; } 2>/dev/null; exec "$@"';

let codeRangeMb: number | undefined;

/** Why a decoder ended: `outside` if somebody killed it, as the kernel does where the machine has no memory left. */
export interface DecoderEnd {
  readonly reason: string;
  readonly outside: boolean;
}

/** A decoder process, seen from the service: one task at a time. It is killed, or ends with the service. */
export class DecoderChild {
  readonly #process: ChildProcess;
  readonly #channel: Socket;
  readonly #closed: Promise<unknown>;
  /** Ended from here. */
  #killed = false;
  #answered: ((answer: DecoderAnswer) => void) | undefined;
  #file: WeakRef<Uint8Array> | undefined;

  /** @param died called once when the process has ended without `kill`, with the reason */
  constructor(program: URL, { heapMb, memoryMb }: DecoderLimits, died: (end: DecoderEnd) => void) {
    const command = [process.execPath, `--max-old-space-size=${heapMb}`, fileURLToPath(program)];
    // Nothing of the service's environment: no password is where a file could reach it.
    this.#process = spawn(
      '/bin/sh',
      ['-c', limited, 'sh', String((memoryMb + (codeRangeMb ??= countedCodeRangeMb())) * 1024), ...command],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], env: {} },
    );
    this.#closed = once(this.#process, 'close').catch(() => undefined);
    this.#process.once('error', (error) => died({ reason: error.message, outside: false }));
    this.#process.once('exit', (code, signal) =>
      died({ reason: `it ended ${signal ? `by ${signal}` : `with code ${code}`}`, outside: signal === 'SIGKILL' && !this.#killed }),
    );
    this.#channel = this.#process.stdio[3] as Socket;
    const reader = new MessageReader((head, body) => this.#answered?.(answerOf(head, body)));
    this.#channel.on('data', (piece: Uint8Array) => {
      try {
        reader.take(piece);
      } catch {
        // A broken file may have overwritten memory: a process that sends a message that cannot be read is ended.
        this.#killed = true;
        this.#process.kill('SIGKILL');
      }
    });
    // The process may end during a write; 'exit' reports it.
    for (const end of [3, 4]) this.#process.stdio[end]!.on('error', () => undefined);
    this.unref();
    (this.#process.stdio[4] as Socket).unref();
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Whether this process still has the file, so that it need not be sent. */
  has(file: Uint8Array): boolean {
    return this.#file?.deref() === file;
  }

  /** @param file must not change before the answer */
  perform(task: DecoderTask, file: Uint8Array, answered: (answer: DecoderAnswer) => void): void {
    this.#answered = answered;
    const fileIsCached = this.has(file);
    const cacheFile = file.length > minCachedBytes;
    this.#file = cacheFile ? new WeakRef(file) : undefined;
    for (const part of messageParts({ task, cacheFile, fileIsCached } satisfies TaskHead, fileIsCached ? [] : [file]))
      this.#channel.write(part);
  }

  /** Resolves when it is gone. */
  async kill(): Promise<void> {
    this.ref();
    this.#killed = true;
    this.#process.kill('SIGKILL');
    await this.#closed;
  }

  /** While busy, it keeps the service alive. */
  ref(): void {
    this.#process.ref();
    this.#channel.ref();
  }

  unref(): void {
    this.#process.unref();
    this.#channel.unref();
  }
}
