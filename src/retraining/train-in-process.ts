import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { projectRoot, type Config, type ModelLine } from '../config.js';
import { Fault, faultCodes, type FaultCode } from '../errors.js';
import { writeFileAtomically } from '../lib/atomic-write.js';
import { childEnvironment } from '../lib/child-environment.js';
import type { Log } from '../log.js';
import type { Position } from '../training/checkpoint.js';
import type { RetrainingPlan } from './retraining-plan.js';
import { readOutcome, type RetrainingOutcome } from './run-outcome.js';

/** What the training process needs of the configuration; no secret is among it. */
export interface TrainingProcessSettings {
  readonly dataDir: string;
  readonly line: string;
  readonly findingsFile: string;
  /** Of the line, in place of those of the file. */
  readonly thresholds: ModelLine['thresholds'];
  readonly prefer: Config['engine']['prefer'];
  readonly threads: number;
  readonly codeVersion: string;
}

/** The last line that the training process writes. */
export type TrainingMessage =
  | { readonly kind: 'stopped'; readonly position: Position }
  | { readonly kind: 'finished' }
  | { readonly kind: 'fault'; readonly code: FaultCode; readonly detail: string; readonly retryable: boolean };

/** The program of the training process: `node training-main.js <folder of the run>`. */
export const trainingProgram = join(projectRoot, 'dist/src/retraining/training-main.js');

/**
 * Trains and evaluates in a process of its own, of low priority, so that reporting is not delayed and a crash ends only the run. The
 * process reads plan and pictures from disk and writes its outcome there; it needs neither the PACS nor the database. It receives its
 * settings in a file, because only the configuration reads the environment.
 *
 * @throws Fault of the process, or `engine-failed` if it ended without a message
 */
export function trainInProcess(
  config: Pick<Config, 'dataDir' | 'findingsFile' | 'engine'>,
  line: Pick<ModelLine, 'name' | 'thresholds' | 'retraining'>,
  codeVersion: string,
  log: Log,
): (plan: RetrainingPlan, folder: string, signal: AbortSignal) => Promise<RetrainingOutcome> {
  return async (plan, folder, signal) => {
    signal.throwIfAborted();
    const settings: TrainingProcessSettings = {
      dataDir: config.dataDir,
      line: line.name,
      findingsFile: config.findingsFile,
      thresholds: line.thresholds,
      prefer: config.engine.prefer,
      threads: line.retraining.threads ?? Math.max(1, availableParallelism() - 1),
      codeVersion,
    };
    await writeFileAtomically(join(folder, 'settings.json'), JSON.stringify(settings));
    const child = spawn(process.execPath, [trainingProgram, folder], {
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
      const message = lastMessage(output);
      if (message?.kind === 'stopped') return { finished: false, position: message.position };
      if (message?.kind === 'fault') throw new Fault(message.code, message.detail, {}, { retryable: message.retryable });
      const outcome = message?.kind === 'finished' ? await readOutcome(folder) : undefined;
      if (outcome) return outcome;
      log.warn('the training process ended without a message', { run: plan.id, status: code ?? -1 });
      throw new Fault(
        'engine-failed',
        `the training process ended ${code === null ? 'by a signal' : `with status ${code}`} and no outcome`,
      );
    } finally {
      signal.removeEventListener('abort', stop);
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    }
  };
}

function lastMessage(output: string): TrainingMessage | undefined {
  const last = output.trim().split('\n').at(-1) ?? '';
  try {
    const message = JSON.parse(last) as TrainingMessage;
    return message.kind === 'fault' && !faultCodes.includes(message.code) ? undefined : message;
  } catch {
    return undefined;
  }
}
