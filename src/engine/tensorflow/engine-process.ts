import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '../../child-environment.js';
import { Fault } from '../../errors.js';
import { libraryFolder, type BackendSettings } from './backend.js';
import type { Answer, Request, Values } from './protocol.js';

/** The engine's process as the service sees it. */
export interface EngineProcess {
  /** What the backend runs on, for people. */
  readonly place: string;
  /**
   * @throws Fault 'engine-failed' with what TensorFlow.js said, or if the process ended meanwhile; 'training-diverged' if a step
   *   yielded values that are not finite
   */
  ask<Kind extends Request['kind']>(request: Extract<Request, { kind: Kind }>): Promise<Values[Kind]>;
  /** Ends the process; what is being computed is given up. */
  stop(): Promise<void>;
}

interface Waiting {
  readonly resolve: (value: Values[keyof Values]) => void;
  readonly reject: (error: Fault) => void;
}

/** First use of a GPU compiles kernels, on a card newer than the library for minutes. */
const startTimeoutMs = 10 * 60_000;
/** Before a process that is computing is ended by force. */
const patienceMs = 2_000;
/** Of the last words of a process that ended by itself, and how long they may take to arrive. */
const longestReason = 300;
const lastWordsMs = 50;

/** @throws Fault 'engine-unavailable' with the reason, if the backend does not start */
export async function startEngineProcess(settings: BackendSettings): Promise<EngineProcess> {
  const child = fork(fileURLToPath(new URL('./process.js', import.meta.url)), [JSON.stringify(settings)], {
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: environment(settings),
  });
  const waiting = new Map<number, Waiting>();
  let serial = 0;
  let ended: string | undefined;
  let lastWords = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (lastWords = (lastWords + text).slice(-longestReason)));

  let onStart: (answer: { readonly started: string } | { readonly refused: string }) => void;
  const start = new Promise<{ readonly started: string } | { readonly refused: string }>((resolve) => (onStart = resolve));
  // an idle engine must not keep the service's process alive, one that is computing must
  const handles = [child, child.channel!, child.stderr as unknown as { ref(): void; unref(): void }];
  const hold = (held: boolean): void => {
    for (const handle of handles) handle[held ? 'ref' : 'unref']();
  };
  const settle = (id: number): Waiting | undefined => {
    const entry = waiting.get(id);
    waiting.delete(id);
    if (waiting.size === 0) hold(false);
    return entry;
  };
  child.on('message', (answer: Answer) => {
    if ('started' in answer || 'refused' in answer) onStart(answer);
    else if ('error' in answer) settle(answer.id)?.reject(new Fault(answer.diverged ? 'training-diverged' : 'engine-failed', answer.error));
    else settle(answer.id)?.resolve(answer.value);
  });
  const end = (reason: string): void => {
    ended ??= reason;
    onStart({ refused: `its process ended (${ended})` });
    for (const id of [...waiting.keys()]) settle(id)?.reject(new Fault('engine-failed', `the engine's process ended: ${ended}`));
  };
  child.on('error', (error) => end(error.message));
  const exited = new Promise<void>((resolve) => {
    child.on('exit', (code, signal) => {
      // what it said last may still be on its way
      setTimeout(() => {
        const words = lastWords.replace(/\s+/g, ' ').trim();
        end(`${signal ? `by ${signal}` : `exit code ${code}`}${words ? `, saying: ${words}` : ''}`);
        resolve();
      }, lastWordsMs);
    });
  });
  const stop = async (): Promise<void> => {
    ended ??= 'stopped';
    hold(true);
    // without its channel it ends by itself, unless it is in the middle of a long computation
    if (child.connected) child.disconnect();
    const impatience = setTimeout(() => child.kill('SIGKILL'), patienceMs);
    await exited;
    clearTimeout(impatience);
  };

  const timer = setTimeout(() => onStart({ refused: `no answer within ${startTimeoutMs / 1000} s` }), startTimeoutMs);
  const started = await start;
  clearTimeout(timer);
  if ('refused' in started) {
    await stop();
    throw new Fault('engine-unavailable', started.refused);
  }
  hold(false);
  return {
    place: started.started,
    ask: <Kind extends Request['kind']>(request: Extract<Request, { kind: Kind }>) =>
      new Promise<Values[Kind]>((resolve, reject) => {
        if (ended !== undefined) return reject(new Fault('engine-failed', `the engine's process ended: ${ended}`));
        const id = serial++;
        waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
        hold(true);
        child.send({ id, request });
      }),
    stop,
  };
}

function environment({ backend }: BackendSettings): NodeJS.ProcessEnv {
  const inherited = childEnvironment();
  const folders = [libraryFolder(backend), inherited['LD_LIBRARY_PATH']].filter((folder) => folder !== undefined);
  // TensorFlow tells about every instruction it could use; errors are kept
  return { ...inherited, TF_CPP_MIN_LOG_LEVEL: '2', ...(folders.length > 0 ? { LD_LIBRARY_PATH: folders.join(':') } : {}) };
}
