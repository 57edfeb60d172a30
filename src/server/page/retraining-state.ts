import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Jobs } from '../../jobs/jobs.js';
import { defaultLine } from '../../lib/model-line.js';
import type { Registry } from '../../registry/registry.js';
import type { ShownRetraining } from '../page-types.js';
import { parsePlan, type RetrainingPlan } from '../../retraining/retraining-plan.js';
import { readPosition } from '../../training/checkpoint.js';
import { retrainingFolders } from '../../retraining/retraining-folders.js';
import { retrainQueueOf } from '../../retraining/queues.js';

export interface RetrainingStateParts {
  readonly jobs: Pick<Jobs, 'stats'>;
  readonly registry: Pick<Registry, 'lastRun'>;
  readonly dataDir: string;
  /** Model line; absent: the default one. */
  readonly line?: string;
}

/** The state of a line's retraining: its queue, the plan on disk with the newest checkpoint, and the last change record. */
export async function retrainingStateOf({ jobs, registry, dataDir, line = defaultLine }: RetrainingStateParts): Promise<ShownRetraining> {
  const { run } = retrainingFolders({ dataDir, line });
  const [stats, inProgress, last] = await Promise.all([jobs.stats(), runInProgress(run), registry.lastRun()]);
  const queue = stats.find((one) => one.queue === retrainQueueOf(line).name);
  const state = !queue
    ? 'idle'
    : queue.active > 0
      ? 'running'
      : queue.waiting + queue.retrying > 0
        ? 'waiting'
        : queue.failed > 0
          ? 'failed'
          : 'idle';
  return {
    state,
    ...(inProgress ? { inProgress } : {}),
    ...(last
      ? {
          last: {
            id: last.id,
            startedAt: last.startedAt,
            endedAt: last.endedAt,
            by: last.by,
            outcome: last.outcome,
            why: last.why,
            challenger: last.challenger,
          },
        }
      : {}),
  };
}

async function runInProgress(run: string): Promise<ShownRetraining['inProgress'] | undefined> {
  const plan = await planIn(run);
  if (!plan) return undefined;
  const { stages } = plan.recipe;
  const epochs = stages.reduce((sum, { epochs: one }) => sum + one, 0);
  // If a checkpoint is replaced while it is read, the next request finds the new one.
  const position = await readPosition(join(run, 'checkpoints')).catch(() => undefined);
  const done = position ? stages.slice(0, position.stage).reduce((sum, { epochs: one }) => sum + one, 0) + position.epoch : 0;
  // The training process is told its settings in a file when it starts.
  const step = !existsSync(join(run, 'settings.json')) ? 'images' : done < epochs ? 'training' : 'evaluation';
  return { startedAt: plan.startedAt, by: plan.by, images: plan.images.length, step, epochsDone: Math.min(done, epochs), epochs };
}

async function planIn(run: string): Promise<RetrainingPlan | undefined> {
  try {
    return parsePlan(await readFile(join(run, 'plan.json'), 'utf8'));
  } catch {
    return undefined;
  }
}
