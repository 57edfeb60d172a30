import { readSync, writeSync } from 'node:fs';
import { deserialize } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { Fault } from '../../errors.js';
import { threadCodeRangeMb } from '../../lib/code-range.js';
import { answerParts, lengthsOf, prefixLength, type TaskHead } from './decoder-messages.js';
import type { DecoderAnswer, DecoderTask, TaskResult } from './decoder-tasks.js';

/** A socket to the service, and one that only ends with it. */
export const channel = 3;
const lifeline = 4;

/** Ends this process with the service, however that ended, and also while a decoder never comes back. */
const watch = `const socket = new (require('node:net').Socket)({ fd: ${lifeline} });
socket.on('error', () => undefined).on('close', () => process.kill(process.pid, 'SIGKILL')).resume();`;

/**
 * A decoder process: takes a task, performs it, answers, takes the next. It reads and writes blocking, since it does nothing else
 * meanwhile, and so each byte of a file is copied into the memory that is decoded from and nowhere else. Never returns.
 *
 * @param perform what is thrown there becomes the answer; what kills the process is found by the service
 */
export async function serveDecoder(perform: (task: DecoderTask, file: Uint8Array) => Promise<TaskResult>): Promise<never> {
  // Signals for the whole group (Ctrl-C, a stop by systemd) are handled by the service: it finishes the active tasks.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  new Worker(watch, { eval: true, resourceLimits: { codeRangeSizeMb: threadCodeRangeMb } });
  const prefix = Buffer.alloc(prefixLength);
  let file: Uint8Array = new Uint8Array(0);
  for (;;) {
    fill(prefix);
    const { head, body } = lengthsOf(prefix);
    const { task, cacheFile, fileIsCached } = deserialize(fill(Buffer.allocUnsafeSlow(head))) as TaskHead;
    if (!fileIsCached) {
      file = new Uint8Array(0);
      file = fill(Buffer.allocUnsafeSlow(body));
    }
    const answer = await perform(task, file).then((result): DecoderAnswer => ({ result }), failure);
    for (const part of answerParts(answer)) write(part);
    if (!cacheFile) file = new Uint8Array(0);
  }
}

function fill(target: Buffer): Buffer {
  for (let at = 0; at < target.length; ) {
    const read = readSync(channel, target, at, target.length - at, null);
    // The service closed its end or is gone.
    if (read === 0) process.kill(process.pid, 'SIGKILL');
    at += read;
  }
  return target;
}

function write(part: Uint8Array): void {
  for (let at = 0; at < part.length; ) at += writeSync(channel, part, at);
}

function failure(thrown: unknown): DecoderAnswer {
  if (thrown instanceof Fault) return { fault: { code: thrown.code, detail: thrown.detail, subject: thrown.subject } };
  return { error: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) };
}
