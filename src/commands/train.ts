import { createHash } from 'node:crypto';
import { pluralise } from '../evaluation/pluralise.js';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { loadConfig, projectRoot } from '../config.js';
import { writeFileAtomically } from '../lib/atomic-write.js';
import { engineOptionsOf } from '../serving/engine-options.js';
import { startEngine } from '../engine/start-engine.js';
import { Fault } from '../errors.js';
import type { EvaluationReport } from '../evaluation/report/evaluation-report.js';
import { loadFindings } from '../findings-config.js';
import { createLog, silentLog } from '../log.js';
import { countParts, describeRun, describeRunEnd, flatSettings, type RunHead } from '../retraining/run-history.js';
import { trainCandidate } from '../retraining/train-candidate.js';
import type { TrainingProgress } from '../training/training-run.js';
import { registryOf } from './chosen-model.js';
import { progressLine } from './progress-line.js';
import { planTraining, type TrainingOptions, type PlannedTraining } from './training-options.js';

export interface TrainCommand extends TrainingOptions {
  readonly run?: string;
  readonly timeLimit?: string;
  readonly name?: string;
  readonly json: boolean;
}

/**
 * `train`: data sets become a version in the registry, neither champion nor challenger. Interrupted (Ctrl-C, a time limit, kill -9),
 * the same command goes on where it was.
 */
export async function train(options: TrainCommand): Promise<void> {
  const config = loadConfig();
  const now = new Date();
  const planned = await planTraining(options, config, now.toISOString().slice(0, 10));
  const log = options.json ? silentLog : createLog({ ...config.log, level: 'warn' });
  const print = (line: string): void => void (options.json || console.log(line));
  const directory = options.run ?? join(config.dataDir, 'training', runName(planned));
  const plan = withFirstBatch(planned, directory);
  print(describe(plan, directory));
  const engine = await startEngine(engineOptionsOf(config, log));
  const stop = stopSignal(options.timeLimit);
  const reading = progressLine('reading pictures', options.json);
  const training = progressLine('', options.json);
  try {
    print(`Engine: ${engine.description.name}`);
    const outcome = await trainCandidate({
      directory,
      dataset: plan,
      classes: plan.classes,
      objective: plan.objective,
      labelRules: loadFindings(config.findingsFile).findings,
      kind: plan.kind,
      architecture: plan.architecture,
      initial: plan.initial,
      input: plan.input,
      recipe: plan.recipe,
      cache: plan.cache,
      engine,
      model: {
        name: options.name ?? `${plan.architecture.family} on ${plan.name}`.slice(0, 64),
        manufacturer: 'orthanc-chest-ai',
        license: 'As the data it was trained on; not for diagnosis',
        codeVersion: codeVersion(),
        settings: { split: plan.splitSettings },
      },
      clock: { now: () => new Date() },
      signal: stop.signal,
      async onBegin() {
        await recordFirstBatch(plan, directory);
        await describeRun(directory, headOf(plan, directory, options.name, now));
      },
      onReading: reading.tell,
      onProgress: (progress) => tellProgress(progress, print, training, options.json),
    });
    reading.end();
    training.end();
    for (const warning of outcome.warnings) print(`! ${warning}`);
    if (!outcome.finished) {
      const { stage, epoch, batch } = outcome.position;
      console.log(
        options.json
          ? JSON.stringify({ finished: false, stage, epoch, batch, run: directory })
          : `Stopped at stage ${stage + 1}, epoch ${epoch + 1}, batch ${batch}. The same command goes on from there.`,
      );
      process.exitCode = 75; // EX_TEMPFAIL: not done yet, nothing wrong
      return;
    }
    const version = await registryOf(config).add(outcome.candidate);
    await describeRunEnd(directory, new Date(), version.version);
    if (options.json) console.log(JSON.stringify({ ...outcome.report, modelVersion: version.version, run: directory }));
    else console.log(summary(outcome.report, version.version, directory));
  } finally {
    stop.clear();
    await engine.close();
  }
}

/** What the page shows of the run. */
function headOf(plan: PlannedTraining, directory: string, name: string | undefined, now: Date): RunHead {
  const { architecture, input, recipe, initial, objective } = plan;
  return {
    id: `train-${basename(directory)}`,
    kind: 'command',
    name: name ?? plan.name,
    startedAt: now.toISOString(),
    classes: [...plan.classes],
    settings: {
      dataset: plan.name,
      objective,
      from: initial.parent ?? initial.startedFrom ?? 'scratch',
      ...flatSettings(architecture, 'network.'),
      ...flatSettings(input, 'input.'),
      ...flatSettings(recipe),
    },
    images: countParts(plan.split.parts),
  };
}

/** Runs of the same plan share a folder: that is how an interrupted one is found again. */
function runName({ architecture, classes, input, recipe, batchBy, sha256, split, initial }: PlannedTraining): string {
  const hash = createHash('sha256').update(
    JSON.stringify({
      architecture,
      classes,
      input,
      recipe: batchBy === undefined ? recipe : { ...recipe, batch: 'by memory' },
      sha256,
      parts: split.parts,
      from: initial.parent ?? initial.startedFrom ?? null,
    }),
  );
  return hash.digest('hex').slice(0, 12);
}

/** A batch that memory decided is that of the run's first start, however much memory its later ones find. */
function withFirstBatch(plan: PlannedTraining, directory: string): PlannedTraining {
  const file = join(directory, firstBatchFile);
  if (plan.batchBy === undefined || !existsSync(file)) return plan;
  try {
    const { batch, why } = firstBatchSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    return { ...plan, recipe: { ...plan.recipe, batch }, batchBy: `as this run began: ${why}` };
  } catch (cause) {
    throw new Fault('request-invalid', 'expected the batch with which this run began', { source: file }, { cause });
  }
}

async function recordFirstBatch({ batchBy, recipe: { batch } }: PlannedTraining, directory: string): Promise<void> {
  const file = join(directory, firstBatchFile);
  if (batchBy !== undefined && !existsSync(file)) await writeFileAtomically(file, JSON.stringify({ batch, why: batchBy }));
}

const firstBatchFile = 'batch.json';
const firstBatchSchema = z.strictObject({ batch: z.int().min(2), why: z.string() });

export function describe(
  { source, split, classes, objective, architecture, initial, recipe, batchBy, name }: PlannedTraining,
  directory?: string,
): string {
  const count = (part: string): number => split.parts.filter((one) => one === part).length;
  const patients = (part: string): number =>
    new Set(source.examples.filter((_, index) => split.parts[index] === part).map(({ patient }) => patient)).size;
  const parts = ['train', 'validation', 'calibration', 'test', 'left-out', 'excluded']
    .filter((part) => count(part) > 0)
    .map((part) => `${part} ${count(part)} (${pluralise(patients(part), 'patient')})`);
  return [
    `${name}: ${parts.join(', ')}`,
    `${objective}: ${classes.join(', ')}`,
    `${architecture.family}, ${initial.parent ? `from ${initial.parent}` : (initial.startedFrom ?? 'from scratch: no published weights')}; ${recipe.stages.map(({ what, epochs, rate }) => `${what} ${epochs} epochs at ${rate}`).join(', then ')}`,
    ...(batchBy === undefined ? [] : [`Batch ${recipe.batch} by memory: ${batchBy}`]),
    ...(directory === undefined ? [] : [`Run: ${directory}`]),
  ].join('\n');
}

export function tellProgress(
  { position, what, epochs, batches, smoothedLoss, imagesPerSecond, secondsLeft, epoch }: TrainingProgress,
  print: (line: string) => void,
  line: ReturnType<typeof progressLine>,
  json: boolean,
): void {
  if (epoch) {
    line.end();
    print(
      `${what} epoch ${epoch.epoch + 1} of ${epochs}: loss ${epoch.trainLoss.toFixed(4)}, validation loss ${epoch.validationLoss.toFixed(4)}, right ${(epoch.validationAccuracy * 100).toFixed(1)} %, ${epoch.seconds.toFixed(0)} s, ${imagesPerSecond.toFixed(1)} images/s, ${duration(secondsLeft)} left`,
    );
  } else if (!json)
    line.show(
      `${what} epoch ${position.epoch + 1} of ${epochs}, batch ${position.batch} of ${batches}: loss ${smoothedLoss.toFixed(4)}, ${imagesPerSecond.toFixed(1)} images/s, ${duration(secondsLeft)} left`,
    );
}

function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  const minutes = Math.round(seconds / 60);
  return minutes < 2 ? `${Math.round(seconds)} s` : minutes < 120 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}

function summary(report: EvaluationReport, version: string, directory: string): string {
  const share = (value: number | null): string => (value === null ? '–' : `${(value * 100).toFixed(1)} %`);
  const interval = report.accuracyInterval ? ` (${share(report.accuracyInterval[0])} to ${share(report.accuracyInterval[1])})` : '';
  return [
    `Validation: ${pluralise(report.n, 'image')} of ${pluralise(report.patients, 'patient')}`,
    `accuracy ${share(report.accuracy)}${interval}; always the commonest answer ${share(report.majorityRate)}; balanced ${share(report.balancedAccuracy)}`,
    ...report.warnings.map((line) => `! ${line}`),
    `Model version ${version} (\`models show ${version}\`); log and curves: ${directory}`,
    'Not for diagnosis.',
  ].join('\n');
}

/** Aborts on Ctrl-C, SIGTERM, and after the time limit. */
export function stopSignal(minutes: string | undefined): { readonly signal: AbortSignal; readonly clear: () => void } {
  const limit = minutes === undefined ? undefined : Number(minutes);
  if (limit !== undefined && !(limit > 0)) throw new Fault('request-invalid', `expected --time-limit in minutes, found ${minutes}`);
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const timer = limit === undefined ? undefined : setTimeout(abort, limit * 60_000);
  process.once('SIGINT', abort).once('SIGTERM', abort);
  return {
    signal: controller.signal,
    clear: () => {
      clearTimeout(timer);
      process.off('SIGINT', abort).off('SIGTERM', abort);
    },
  };
}

export function codeVersion(): string {
  return (JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: string }).version;
}
