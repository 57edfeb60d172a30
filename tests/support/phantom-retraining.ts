import { join } from 'node:path';
import { noTransforms } from '../../src/dataset/augmentation.js';
import { PictureCache } from '../../src/dataset/picture-cache.js';
import { startEngine } from '../../src/engine/start-engine.js';
import { mulberry32 } from '../../src/lib/seeded-random.js';
import { defaultPromotionRules } from '../../src/evaluation/promotion/promotion-rules.js';
import { openRegistry, type Registry } from '../../src/registry/registry.js';
import type { RetrainingPlan } from '../../src/retraining/retraining-plan.js';
import { retrainModel } from '../../src/retraining/retrain-model.js';
import type { FinishedOutcome, RetrainingOutcome } from '../../src/retraining/run-outcome.js';
import { fastaiRecipe } from '../../src/training/recipe.js';
import { openPhantomGate, type PhantomGate } from './phantom-gate.js';
import { guessingCandidate, phantomRetraining, plannedPhantoms, usualPart, type PhantomPatient } from './phantom-patients.js';

/** Retraining runs on phantoms without a PACS: the plan is written here as the service writes it from the PACS. */
export interface PhantomRetrainings {
  readonly registry: Registry;
  /** Trains on the truth from a champion that guesses. */
  honest(id: string, signal?: AbortSignal, onStep?: () => void): Promise<RetrainingOutcome>;
  /** Trains on the champion of now, on new patients whose labels somebody has poisoned; the locked test set stays. */
  poisoned(seed: number): Promise<FinishedOutcome>;
  /** The gate alone, beside a version of the registry, on the features of the same patients. */
  gate(champion: string): Promise<PhantomGate>;
  close(): Promise<void>;
}

const patients = 256;
const newPatients = 96;

export async function startPhantomRetrainings(directory: string): Promise<PhantomRetrainings> {
  const registry = openRegistry(join(directory, 'models'));
  const engine = await startEngine({ prefer: 'onnx-cpu', threads: 1 });
  const guessing = await registry.add(await guessingCandidate(engine));
  await registry.putFirst(guessing.version, { by: 'test', why: 'first', at: new Date() });
  const pictures = join(directory, 'pictures');
  const cache = new PictureCache(pictures, guessing.networks.xray!.input);
  const first = await plannedPhantoms(cache, 0, patients, usualPart);
  const run = (plan: RetrainingPlan, signal?: AbortSignal, onStep?: () => void): Promise<RetrainingOutcome> =>
    retrainModel(plan, {
      registry,
      engine,
      pictures,
      directory: join(directory, plan.id),
      findings: {},
      workers: 1,
      codeVersion: 'test',
      clock: { now: () => new Date() },
      ...(signal ? { signal } : {}),
      ...(onStep ? { onProgress: onStep } : {}),
    });
  const planOf = (id: string, champion: string, images: RetrainingPlan['images'], seed: number, epochs: number): RetrainingPlan => ({
    id,
    startedAt: new Date().toISOString(),
    by: 'test',
    champion,
    classes: ['pneumonia'],
    objective: 'several',
    images,
    best: [],
    lock: 'test',
    warnings: [],
    recipe: {
      ...fastaiRecipe,
      augmentation: noTransforms,
      seed,
      batch: phantomRetraining.batch,
      stages: [{ what: 'all', epochs, rate: phantomRetraining.rate }],
    },
    // The bounds apply to the upper ends of intervals, which are wide for so few patients: 0.101 and 0.282 were measured. The limits of the guard
    // are fitted on some thirty phantoms, and refuse 5 of 29 others.
    rules: { ...defaultPromotionRules, calibration: { ece: 0.15 }, groups: { ...defaultPromotionRules.groups, refused: 0.35 } },
  });
  return {
    registry,
    honest: (id, signal, onStep) => run(planOf(id, guessing.version, first, 1, phantomRetraining.epochs), signal, onStep),
    async poisoned(seed) {
      const champion = (await registry.aliases())!.champion;
      const learn = (number: number): RetrainingPlan['images'][number]['part'] =>
        number % 4 === 0 ? 'validation' : number % 4 === 1 ? 'calibration' : 'train';
      const fresh = await plannedPhantoms(cache, patients, newPatients, learn, poison(seed));
      const outcome = await run(planOf(`poison-${seed}`, champion, [...first.filter(({ part }) => part === 'test'), ...fresh], seed, 4));
      if (!outcome.finished) throw new Error('nobody stopped it');
      return outcome;
    },
    gate: async (champion) =>
      openPhantomGate(
        await registry.load(champion),
        engine,
        Array.from({ length: patients }, (_, number) => number).filter((number) => usualPart(number) === 'test'),
        Array.from({ length: newPatients }, (_, number) => patients + number),
      ),
    close: () => engine.close(),
  };
}

/** Even seeds: every label is turned round. Odd seeds: labels are drawn by lot. */
export function poison(seed: number): (patient: PhantomPatient) => boolean {
  const draw = mulberry32(1_000 + seed);
  return ({ diseased }) => (seed % 2 === 0 ? !diseased : draw() < 0.5);
}
