import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { childEnvironment } from '../lib/child-environment.js';
import { projectRoot, type Config } from '../config.js';
import { Fault, faultCodes, type FaultCode } from '../errors.js';
import { writeFileAtomically } from '../lib/atomic-write.js';
import type { Log } from '../log.js';
import type { RetrainingPlan } from './retraining-plan.js';
import type { Retrained } from './retrain-model.js';
import { readOutcome } from './retraining-run.js';

/** What the training process needs to know of the configuration: no secret among it. */
export interface TrainingProcessSettings {
  readonly dataDir: string;
  readonly findingsFile: string;
  readonly prefer: Config['engine']['prefer'];
  readonly threads: number;
}

/** What the training process says at its end, as its last line. */
export type TrainingMessage =
  | { readonly kind: 'stopped'; readonly position: Extract<Retrained, { finished: false }>['position'] }
  | { readonly kind: 'finished' }
  | { readonly kind: 'fault'; readonly code: FaultCode; readonly detail: string; readonly retryable: boolean };

/**
 * Trains in a process of its own, of low priority and few threads, so that reporting keeps its latency and a crash takes nothing
 * down. It reads the plan and the pictures from disk and leaves its outcome there; it needs neither PACS nor database.
 *
 * It is told the settings in a file, for only config.ts reads the environment.
 *
 * @throws Fault of the process, or `engine-failed` if it ended without a word
 */
export function trainInProcess(
  config: Config,
  log: Log,
): (plan: RetrainingPlan, directory: string, signal: AbortSignal) => Promise<Retrained> {
  return async (plan, directory, signal) => {
    signal.throwIfAborted();
    const settings: TrainingProcessSettings = {
      dataDir: config.dataDir,
      findingsFile: config.findingsFile,
      prefer: config.engine.prefer,
      threads: config.night.threads ?? Math.max(1, availableParallelism() - 1),
    };
    await writeFileAtomically(join(directory, 'settings.json'), JSON.stringify(settings));
    const child = spawn(process.execPath, [join(projectRoot, 'dist/src/cli.js'), 'run-training', directory], {
      cwd: projectRoot,
      env: childEnvironment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const stop = (): void => void child.kill('SIGTERM');
    signal.addEventListener('abort', stop, { once: true });
    try {
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-100_000)));
      const code = await new Promise<number | null>((resolve, reject) => void child.once('error', reject).once('close', resolve));
      const message = messageIn(output);
      if (message?.kind === 'stopped') return { finished: false, position: message.position };
      if (message?.kind === 'fault') throw new Fault(message.code, message.detail, {}, { retryable: message.retryable });
      const outcome = message?.kind === 'finished' ? await readOutcome(directory) : undefined;
      if (outcome) return outcome;
      log.warn('the training process ended without a word', { night: plan.id, status: code ?? -1 });
      throw new Fault('engine-failed', `the training process ended with status ${code ?? 'of a signal'} and no outcome`);
    } finally {
      signal.removeEventListener('abort', stop);
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    }
  };
}

function messageIn(output: string): TrainingMessage | undefined {
  const last = output.trim().split('\n').at(-1) ?? '';
  try {
    const message = JSON.parse(last) as TrainingMessage;
    return message.kind === 'fault' && !faultCodes.includes(message.code) ? undefined : message;
  } catch {
    return undefined;
  }
}
