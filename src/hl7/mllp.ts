import { Fault, type FaultSubject } from '../errors.js';
import { connectedEvent, connectionProblem, openConnection, type TcpServer } from '../lib/connect.js';
import { endBlock, inMllpFrame, startBlock } from './mllp-frames.js';

/** Where an MLLP server listens. */
export interface MllpServer extends TcpServer {
  /** Time for the connection, and again for the whole answer, in ms. */
  readonly answerTimeoutMs: number;
}

/** A longer answer is no acknowledgment. */
const maxAnswerBytes = 64 << 10;

/**
 * Sends one message on a connection of its own and waits for the answer. A connection that is used once cannot have been closed
 * unnoticed meanwhile, and what arrives on it can only be the answer to this message.
 *
 * @param message without its frame
 * @returns the answer without its frame
 * @throws Fault `channel-unavailable`: no connection, certificate not trusted, no answer in time, no MLLP; the signal's reason if it is aborted
 */
export function exchangeMllp(server: MllpServer, message: Uint8Array, signal: AbortSignal): Promise<Buffer> {
  const { host, port, answerTimeoutMs } = server;
  const subject: FaultSubject = { source: `${server.tls ? 'mllps' : 'mllp'}://${host}:${port}` };
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const socket = openConnection(server);
    const answer = new AnswerReader();
    let isConnected = false;
    let timer = setTimeout(onTimeout, answerTimeoutMs);

    socket.on(connectedEvent(server), () => {
      isConnected = true;
      clearTimeout(timer);
      timer = setTimeout(onTimeout, answerTimeoutMs);
      socket.write(inMllpFrame(message));
    });
    socket.on('data', (bytes: Buffer) => {
      const step = answer.read(bytes);
      if (step.kind === 'complete') end(() => resolve(step.answer));
      else if (step.kind === 'malformed') fail(`expected an answer in an MLLP frame, found ${step.found}`);
    });
    socket.on('error', (thrown: NodeJS.ErrnoException) => fail(problemOf(thrown, isConnected), thrown));
    socket.on('close', () => fail(answer.hasBegun ? 'it closed the connection before the end of its answer' : closedWithoutAnswer));
    signal.addEventListener('abort', onAbort, { once: true });

    function onTimeout(): void {
      fail(`${isConnected ? 'no complete answer' : 'no connection'} within ${answerTimeoutMs} ms`);
    }
    function onAbort(): void {
      end(() => reject(signal.reason as Error));
    }
    function fail(detail: string, cause?: unknown): void {
      end(() => reject(new Fault('channel-unavailable', detail, subject, { cause })));
    }
    function end(report: () => void): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners();
      // An error after the end concerns nobody any more, but without a listener it would end the process.
      socket.on('error', () => undefined);
      socket.destroy();
      report();
    }
  });
}

const closedWithoutAnswer = 'it closed the connection without an answer';

function problemOf(thrown: NodeJS.ErrnoException, isConnected: boolean): string {
  const code = thrown.code ?? thrown.name;
  return connectionProblem(thrown) ?? (isConnected ? `${closedWithoutAnswer} (${code})` : `no connection (${code})`);
}

type Step =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'complete'; readonly answer: Buffer }
  | { readonly kind: 'malformed'; readonly found: string };

/** Collects an answer until its end block. The carriage return after it is not awaited: some servers leave it out. */
class AnswerReader {
  #bytes: Buffer = Buffer.alloc(0);

  get hasBegun(): boolean {
    return this.#bytes.length > 0;
  }

  read(bytes: Buffer): Step {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    if (this.#bytes[0] !== startBlock)
      return { kind: 'malformed', found: `0x${this.#bytes[0]!.toString(16).padStart(2, '0')} instead of its start block 0x0b` };
    const end = this.#bytes.indexOf(endBlock);
    if (end >= 0 && end <= maxAnswerBytes) return { kind: 'complete', answer: this.#bytes.subarray(1, end) };
    if (this.#bytes.length > maxAnswerBytes) return { kind: 'malformed', found: `more than ${maxAnswerBytes} bytes without an end block` };
    return { kind: 'incomplete' };
  }
}
