import { childEnvironment } from '../../lib/child-environment.js';
import { Fault } from '../../errors.js';
import type { AnswerLimits, Work } from '../answer-limits.js';
import { ComputeProcess } from '../compute-process.js';
import type { Confinement } from '../confinement.js';
import { libraryFolder, type BackendSettings } from './backend.js';
import type { TensorFlowRequest, Started, NamedValues } from './protocol.js';

/** The engine's process as the service sees it. */
export interface EngineProcess {
  /** What the backend runs on, in a sentence. */
  readonly place: string;
  readonly pid: number | undefined;
  /** Whether the request being computed has taken more than half of the time it may take. */
  readonly stalled: boolean;
  readonly ended: boolean;
  /**
   * @param what names the request in the fault
   * @param work by which its time is measured
   * @throws Fault 'engine-failed' with the message of TensorFlow.js, if it did not reply in time, or if the process ended meanwhile;
   *   'training-diverged' if a step yielded values that are not finite
   */
  request<Kind extends TensorFlowRequest['kind']>(
    request: Extract<TensorFlowRequest, { kind: Kind }>,
    what: string,
    work?: Work,
  ): Promise<NamedValues[Kind]>;
  forget(keys: readonly string[]): void;
  /** Ends the process; a computation under way is abandoned. */
  stop(): Promise<void>;
}

export interface EngineProcessOptions {
  readonly limits: AnswerLimits;
  /** For the backend to start; first use of a GPU compiles kernels, on a card newer than the library for minutes. */
  readonly startTimeoutMs?: number | undefined;
  readonly confinement?: Confinement | undefined;
}

const defaultStartTimeoutMs = 10 * 60_000;

/** @throws Fault 'engine-unavailable' with the reason, if the backend does not start */
export async function startEngineProcess(
  settings: BackendSettings,
  { limits, startTimeoutMs = defaultStartTimeoutMs, confinement }: EngineProcessOptions,
): Promise<EngineProcess> {
  let onStart: (answer: Started) => void;
  const start = new Promise<Started>((resolve) => (onStart = resolve));
  const child = new ComputeProcess({
    program: new URL('./process.js', import.meta.url),
    arguments: [JSON.stringify(settings)],
    environment: environment(settings),
    limits,
    confinement,
    onMessage: (message) => onStart(message as Started),
    onEnd: (reason) => onStart({ refused: `its process ended (${reason})` }),
  });
  child.keepServiceAlive(true);
  const timer = setTimeout(() => onStart({ refused: `no answer within ${startTimeoutMs / 1000} s` }), startTimeoutMs);
  const started = await start;
  clearTimeout(timer);
  if ('refused' in started) {
    await child.stop();
    throw new Fault('engine-unavailable', started.refused);
  }
  child.keepServiceAlive(false);
  return {
    place: started.started,
    pid: child.pid,
    get stalled() {
      return child.stalled;
    },
    get ended() {
      return child.ended;
    },
    request: async <Kind extends TensorFlowRequest['kind']>(
      request: Extract<TensorFlowRequest, { kind: Kind }>,
      what: string,
      work?: Work,
    ) => (await child.request(request, what, work)) as NamedValues[Kind],
    forget: (keys) => child.forget(keys),
    stop: () => child.stop(),
  };
}

function environment({ backend }: BackendSettings): NodeJS.ProcessEnv {
  const inherited = childEnvironment();
  const folders = [libraryFolder(backend), inherited['LD_LIBRARY_PATH']].filter((folder) => folder !== undefined);
  // TensorFlow tells about every instruction it could use; errors are kept
  return { ...inherited, TF_CPP_MIN_LOG_LEVEL: '2', ...(folders.length > 0 ? { LD_LIBRARY_PATH: folders.join(':') } : {}) };
}
