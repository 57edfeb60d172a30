import { availableParallelism } from 'node:os';
import type { Recipe } from '../training/recipe.js';
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
  /** Absent before anything was analyzed or trained here. */
  readonly estimatedMinutes?: number;
  /** What the estimate is made from: the last run that trained here, or before the first the time of inference. */
  readonly estimatedBy?: 'last-run' | 'inference';
}

/** @throws Fault as the registry and the database do */
export async function retrainingReadiness(
  ports: Pick<RetrainingPorts, 'settings' | 'agreedLabels' | 'registry' | 'memory'> & {
    /** Of the last reported studies: milliseconds by step. */
    lastTimingsMs(): Promise<readonly Readonly<Record<string, number>>[]>;
  },
): Promise<RetrainingReadiness> {
  const { settings, registry, memory } = ports;
  const { minNewLabels, threads: configured } = settings.retraining;
  const threads = configured ?? Math.max(1, availableParallelism() - 1);
  const aliases = await registry.aliases();
  const served = aliases && (await registry.load(aliases.champion)).networks.xray;
  const findings = served ? findingsOfNetwork(served) : [];
  const labels = (await ports.agreedLabels()).filter(({ finding }) => findings.includes(finding));
  const studies = new Set(labels.map(({ studyInstanceUID }) => studyInstanceUID)).size;
  const { stages } = retrainingRecipeOf(settings);
  const byLastRun = estimatedMinutes(await lastRetraining(settings), studies, threads, stages);
  const minutes =
    byLastRun ??
    firstEstimatedMinutes(await ports.lastTimingsMs(), Math.max(studies, minNewLabels), availableParallelism() / threads, stages);
  return {
    newLabels: await countNewLabels(labels, { memory }),
    minNewLabels,
    agreedLabels: labels.length,
    threads,
    ...(minutes === undefined ? {} : { estimatedMinutes: minutes, estimatedBy: byLastRun === undefined ? 'inference' : 'last-run' }),
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

/**
 * A step of training takes about six times as long as inference on the same images and threads: measured 5.6 times for ResNet34 and
 * 7.5 times for DenseNet121 with onnxruntime on the processor. Where only the head is trained, there is no gradient of the body.
 */
const trainingPerInference: Readonly<Record<TrainedPart, number>> = { head: 2, 'head-train-bn': 6, all: 6 };

type TrainedPart = Recipe['stages'][number]['what'];

/**
 * Before the first run: from the median time of inference, retrieval and decoding of the last reported studies. Each image is fetched
 * once, trained on in every epoch, and evaluated by both versions.
 *
 * @param threadsRatio threads of inference to those of training
 * @returns whole minutes, at least 1; undefined if nothing was reported yet
 */
export function firstEstimatedMinutes(
  timingsMs: readonly Readonly<Record<string, number>>[],
  images: number,
  threadsRatio: number,
  stages: readonly { readonly what: TrainedPart; readonly epochs: number }[],
): number | undefined {
  const inference = medianOf(timingsMs, 'infer');
  if (inference === undefined) return undefined;
  const fetching = (medianOf(timingsMs, 'retrieve') ?? 0) + (medianOf(timingsMs, 'decode') ?? 0);
  const passes = stages.reduce((sum, { what, epochs }) => sum + epochs * trainingPerInference[what], 0);
  const perImage = fetching + inference * threadsRatio * (passes + 2);
  return Math.max(1, Math.round((images * perImage) / 60_000));
}

function medianOf(timingsMs: readonly Readonly<Record<string, number>>[], step: string): number | undefined {
  const sorted = timingsMs.flatMap((one) => one[step] ?? []).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
