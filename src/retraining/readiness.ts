import { availableParallelism } from 'node:os';
import type { EpochEntry } from '../training/training-log.js';
import { countNewLabels, findingsOfNetwork } from './plan-retraining.js';
import type { RetrainingPorts } from './ports.js';
import { retrainingRecipeOf } from './retraining-recipe.js';
import { listRuns, readRun, type RunHistory } from './run-history.js';

/** What a retraining run would begin with, and about how long it would take. */
export interface RetrainingReadiness {
  readonly newLabels: number;
  /** Labels that the last completed run did not have and that are needed for a run. */
  readonly minNewLabels: number;
  /** All labels on which readers agree, on findings of the champion. */
  readonly agreedLabels: number;
  readonly threads: number;
  /** Estimated from the speed of the last run that trained here; absent before the first. */
  readonly estimatedMinutes?: number;
}

/** @throws Fault as the registry and the database do */
export async function retrainingReadiness(
  ports: Pick<RetrainingPorts, 'settings' | 'agreedLabels' | 'registry' | 'memory'>,
): Promise<RetrainingReadiness> {
  const { settings, registry, memory } = ports;
  const { minNewLabels, threads: configured } = settings.retraining;
  const threads = configured ?? Math.max(1, availableParallelism() - 1);
  const aliases = await registry.aliases();
  const served = aliases && (await registry.load(aliases.champion)).networks.xray;
  const findings = served ? findingsOfNetwork(served) : [];
  const labels = (await ports.agreedLabels()).filter(({ finding }) => findings.includes(finding));
  const studies = new Set(labels.map(({ studyInstanceUID }) => studyInstanceUID)).size;
  const minutes = estimatedMinutes(await lastRetraining(settings), studies, threads, retrainingRecipeOf(settings).stages);
  return {
    newLabels: await countNewLabels(labels, { memory }),
    minNewLabels,
    agreedLabels: labels.length,
    threads,
    ...(minutes === undefined ? {} : { estimatedMinutes: minutes }),
  };
}

async function lastRetraining(place: RetrainingPorts['settings']): Promise<RunHistory | undefined> {
  for (const { id, kind, endedAt } of await listRuns(place)) {
    if (kind !== 'retraining' || endedAt === undefined) continue;
    const run = await readRun(place, id);
    if (run?.log.some((entry) => entry.kind === 'epoch')) return run;
  }
  return undefined;
}

/**
 * Seconds for an image and epoch, as the last run took them, for the images and epochs of the next one; by the number of threads if
 * that has changed. Reading of images and evaluation are counted as in the last run, by its whole duration.
 *
 * @returns whole minutes, at least 1; undefined without a run to go by
 */
export function estimatedMinutes(
  last: Pick<RunHistory, 'log' | 'images' | 'threads' | 'startedAt' | 'endedAt'> | undefined,
  studies: number,
  threads: number,
  stages: readonly { readonly epochs: number }[],
): number | undefined {
  const epochs = last?.log.filter((entry): entry is EpochEntry => entry.kind === 'epoch') ?? [];
  const images = Object.values(last?.images ?? {}).reduce((sum, count) => sum + count, 0);
  if (!last?.endedAt || epochs.length === 0 || images === 0) return undefined;
  const training = epochs.reduce((sum, { seconds }) => sum + seconds, 0);
  const whole = (Date.parse(last.endedAt) - Date.parse(last.startedAt)) / 1000;
  const next = stages.reduce((sum, { epochs: one }) => sum + one, 0);
  const perThread = (last.threads ?? threads) / threads;
  const seconds = (studies / images) * (training * (next / epochs.length) * perThread + Math.max(0, whole - training));
  return Math.max(1, Math.round(seconds / 60));
}
