import { createHmac } from 'node:crypto';
import { pluralise } from '../evaluation/pluralise.js';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config.js';
import { loadConfigFile } from '../config-file.js';
import { fastaiTransforms, noTransforms, robustTransforms } from '../dataset/augmentation.js';
import { PictureCache } from '../dataset/picture-cache.js';
import { drawTestLock } from '../dataset/test-lock.js';
import { writeFileAtomically } from '../lib/atomic-write.js';
import type { SeriesInstanceUID, SOPInstanceUID, StudyInstanceUID } from '../dicom/uid.js';
import { machineMemory } from '../engine/machine-memory.js';
import { Fault } from '../errors.js';
import { defaultPromotionRules, promotionRulesSchema, type PromotionRules } from '../evaluation/promotion/promotion-rules.js';
import { gateDecisionSchema } from '../evaluation/promotion/gate-decision.js';
import { evaluationReportSchema } from '../evaluation/report/evaluation-report.js';
import type { Log } from '../log.js';
import type { ChangeRecord } from '../registry/change-record.js';
import type { ModelVersion, ServedNetwork } from '../registry/model-version.js';
import { bestVersions, loadVersions } from '../registry/best-versions.js';
import type { Registry } from '../registry/registry.js';
import type { Store } from '../store/store.js';
import { labelledImages } from './labelled-images.js';
import {
  exampleOf,
  missingForLock,
  retrainingPlanSchema,
  retrainingTestSet,
  splitForRetraining,
  type RetrainingPlan,
} from './retraining-plan.js';
import type { ChallengerEvaluation } from './evaluate-challenger.js';
import type { Retrained } from './retrain-model.js';
import { pictureKeyOf } from './picture-key.js';
import { siteOf } from '../monitoring/site-of.js';
import { consensusLabels, type ConsensusLabel } from '../assessments/adjudicated-labels.js';
import type { ImageReader } from '../serving/image-reader.js';
import type { Pacs } from '../reporting/ports.js';
import type { RetrainingMemory } from './retraining-memory.js';
import { withoutPatients } from '../registry/lineage.js';
import { batchByMemory } from '../training/batch-by-memory.js';
import { fastaiRecipe, type Recipe } from '../training/recipe.js';
import { retrainingFolders } from './retraining-folders.js';
import { keepOnlyPictures } from './training-pictures.js';

export interface RetrainingParts {
  readonly config: Config;
  readonly store: Store;
  readonly registry: Registry;
  readonly memory: RetrainingMemory;
  readonly pacs: Pacs;
  /** Gives pictures in the size that is asked for. */
  readonly readerFor: (size: { readonly width: number; readonly height: number }) => Pick<ImageReader, 'readXray'>;
  /** Trains and judges: in a process of its own, so that reporting goes on beside it. */
  readonly train: (plan: RetrainingPlan, directory: string, signal: AbortSignal) => Promise<Retrained>;
  readonly codeVersion: string;
  readonly clock: { now(): Date };
  readonly log: Log;
}

/**
 * One night: labels → plan → pictures → training → gate → promoted or refused, with a change record whatever comes of it. Each
 * step may be repeated: killed at any moment, the next call goes on with the plan and the checkpoint on disk.
 *
 * @param by who asked for it: `night`, `command line`, an account
 * @param signal stops after the step under way
 * @returns the record; undefined if it was stopped
 * @throws Fault that may pass (`pacs-unreachable`, `disk-full` …)
 */
export async function runRetraining(by: string, parts: RetrainingParts, signal: AbortSignal): Promise<ChangeRecord | undefined> {
  const { config, registry, log, clock } = parts;
  const { run } = retrainingFolders(config);
  try {
    const plan = (await planUnderWay(parts)) ?? (await newPlan(by, parts));
    if ('outcome' in plan) return await keep(plan, parts);
    await fillPictures(plan, parts, signal);
    const retrained = (await readOutcome(run)) ?? (await parts.train(plan, run, signal));
    if (!retrained.finished) {
      const { stage, epoch, batch } = retrained.position;
      log.info('the night is over before training; the next one goes on', { night: plan.id, stage, epoch, batch });
      return await keep(
        recordOf(
          { ...plan, id: retrainingRunId(clock.now()) },
          parts,
          'not-trained',
          `Stopped at stage ${stage + 1}, epoch ${epoch + 1}, batch ${batch}; the next night goes on from there.`,
        ),
        parts,
        false,
      );
    }
    await writeFileAtomically(join(run, 'outcome.json'), JSON.stringify(retrained));
    return await conclude(plan, retrained, parts);
  } catch (error) {
    if (signal.aborted && error === signal.reason) return undefined;
    if (!(error instanceof Fault) || error.retryable) throw error;
    const plan = await planUnderWay(parts).catch(() => undefined);
    log.error('the night ended with a fault; the champion stays', { code: error.code, detail: error.detail });
    return await keep(recordOf(plan ?? blank(by, clock.now(), config), parts, 'failed', error.message), parts);
  }
}

/** Written down by a night that did not come to its end, with the champion that still serves. */
async function planUnderWay({ config, registry, log }: RetrainingParts): Promise<RetrainingPlan | undefined> {
  const { run } = retrainingFolders(config);
  const text = await readFile(join(run, 'plan.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const parsed = retrainingPlanSchema.safeParse(JSON.parse(text));
  const champion = (await registry.aliases())?.champion;
  // A night that promoted and was killed before its end finds its own challenger in service: it only has to tidy up.
  const own = (await readOutcome(run))?.challenger;
  if (parsed.success && (parsed.data.champion === champion || own === champion)) return parsed.data;
  log.info('another model serves than the night under way began with: it begins anew', { champion: champion ?? 'none' });
  await rm(run, { recursive: true, force: true });
  return undefined;
}

/** @returns a record where there is nothing to train on */
async function newPlan(by: string, parts: RetrainingParts): Promise<RetrainingPlan | ChangeRecord> {
  const { config, registry, memory, clock, log } = parts;
  const { run } = retrainingFolders(config);
  const now = clock.now();
  const rules = rulesOf(config);
  const champion = await championOf(registry);
  const served = champion.networks.xray;
  if (!served) return recordOf(blank(by, now, config), parts, 'not-trained', `The champion ${champion.version} has no network for X-rays.`);
  const locked = await memory.testLock();
  if (!locked && (await registry.history()).some(({ changeRecord }) => changeRecord?.startsWith('night-'))) {
    throw new Fault(
      'dataset-invalid',
      'an earlier night has promoted a model, but its locked test set is missing: a new one would hold patients that the model was trained on. Restore it from the backup (docs/guide/backup.md)',
    );
  }
  const classes = served.outputs.flatMap((output) => (output.kind === 'finding' ? [output.name] : []));
  const settled = (await adjudicatedLabels(parts)).filter(({ finding }) => classes.includes(finding));
  const fresh = await newSince(settled, memory);
  const begin = {
    ...blank(by, now, config),
    champion: champion.version,
    classes,
    objective: served.objective ?? ('several' as const),
    rules,
  };
  if (fresh < config.night.minimumNewLabels)
    return recordOf(
      begin,
      parts,
      'not-trained',
      `${pluralise(fresh, 'new label')} since the last night, ${config.night.minimumNewLabels} are needed; ${settled.length} settled in all.`,
    );

  const key = await memory.patientKey();
  const siteKey = await parts.store.drift.siteKey();
  const images = await labelledImages(settled, classes, {
    pacs: parts.pacs,
    siteOf: (instance) => siteOf(instance, config.drift.sites, siteKey),
    maxImages: config.report.maxImages,
    keyOf: (identifier) => createHmac('sha256', key).update(identifier).digest('hex').slice(0, 32),
    log,
  });
  if (!locked) {
    const missing = missingForLock(images, classes, config.night.testShare, rules.minPatients);
    if (missing !== undefined) return recordOf(begin, parts, 'not-trained', `No test set yet: ${missing}.`);
  }
  // What was deleted in the PACS, or is no longer labelled, does not stay as a picture.
  await keepOnlyPictures(config, images);
  const { recipe, batchBy } = recipeByMemory(config, served);
  const lock =
    locked ??
    (await memory.keepTestLock(
      drawTestLock(images.map(exampleOf), { seed: recipe.seed, share: config.night.testShare, created: now.toISOString().slice(0, 10) }),
    ));
  const split = splitForRetraining(images, lock, recipe);
  const best = await bestVersions(registry, { kind: 'xray', testSet: retrainingTestSet, champion: champion.version });
  // Loading brings a version into this folder, where the training process finds it.
  await loadVersions(registry, best);
  const plan = retrainingPlanSchema.parse({ ...begin, best, images: split.images, recipe, lock: lock.checksum, warnings: split.warnings });
  await mkdir(run, { recursive: true });
  await writeFileAtomically(join(run, 'labels.json'), JSON.stringify(settled.map(labelKey)));
  await writeFileAtomically(join(run, 'plan.json'), JSON.stringify(plan));
  log.info('night planned', {
    night: plan.id,
    champion: plan.champion,
    images: plan.images.length,
    newLabels: fresh,
    batch: recipe.batch,
    ...(batchBy === undefined ? {} : { batchBy }),
  });
  return plan;
}

/** Each image is pulled and decoded once in its life. What cannot be read is left out by training, which says so. */
async function fillPictures(
  plan: RetrainingPlan,
  { config, registry, pacs, readerFor, log }: RetrainingParts,
  signal: AbortSignal,
): Promise<void> {
  const served = (await registry.load(plan.champion)).networks.xray!;
  const cache = new PictureCache(retrainingFolders(config).pictures, served.input);
  const reader = readerFor({ width: cache.width, height: cache.height });
  for (const image of plan.images) {
    const { sopInstanceUID, seriesInstanceUID, studyInstanceUID } = image;
    const key = pictureKeyOf(image);
    signal.throwIfAborted();
    if (cache.has(key)) continue;
    try {
      const file = await pacs.retrieveInstance(
        studyInstanceUID as StudyInstanceUID,
        seriesInstanceUID as SeriesInstanceUID,
        sopInstanceUID as SOPInstanceUID,
      );
      await cache.put(key, (await reader.readXray(file)).image);
    } catch (error) {
      if (!(error instanceof Fault) || error.retryable) throw error;
      log.warn('a labelled image cannot be read and is left out', { instance: sopInstanceUID, code: error.code });
    }
  }
}

/** The record first, then the promotion that names it; each may be repeated. */
async function conclude(
  plan: RetrainingPlan,
  { challenger, engine, evaluation, warnings }: Extract<Retrained, { finished: true }>,
  parts: RetrainingParts,
): Promise<ChangeRecord> {
  const { registry, config, clock, log } = parts;
  const { decision, ...figures } = evaluation;
  const { lineage } = await registry.load(challenger);
  // The training process made it in the folder of this one: the others get it before it can be promoted.
  await registry.share(challenger);
  const passed = decision.decision === 'promoted';
  const outcome = passed ? (config.night.onPass === 'promote' ? 'promoted' : 'shadow') : 'refused';
  const record: ChangeRecord = {
    ...recordOf(plan, parts, outcome, decision.why),
    engine,
    challenger,
    lineage: lineage ? withoutPatients(lineage) : null,
    decision,
    figures,
    notes: [...warnings],
  };
  await registry.recordChange(record);
  const reason = { by: plan.by, why: decision.why, at: clock.now(), changeRecord: record.id };
  const aliases = await registry.aliases();
  try {
    if (outcome === 'promoted' && aliases?.champion !== challenger) await registry.promote(challenger, reason, plan.champion);
    if (outcome === 'shadow' && aliases?.challenger !== challenger) await registry.challenge(challenger, reason);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'aliases-changed') throw error;
    return keep({ ...record, outcome: 'refused', why: `It passed the gate, but ${error.detail}.` }, parts);
  }
  log.info('night is over', { night: plan.id, outcome, challenger, champion: plan.champion });
  return keep(record, parts);
}

/** @param done false if the run goes on another night */
async function keep(record: ChangeRecord, { registry, config, memory }: RetrainingParts, done = true): Promise<ChangeRecord> {
  const { run } = retrainingFolders(config);
  await registry.recordChange(record);
  if (!done) return record;
  if (['promoted', 'refused', 'shadow'].includes(record.outcome) && existsSync(join(run, 'labels.json')))
    await memory.keepLabels(JSON.parse(await readFile(join(run, 'labels.json'), 'utf8')) as readonly string[]);
  await rm(run, { recursive: true, force: true });
  return record;
}

type Begun = Pick<RetrainingPlan, 'id' | 'startedAt' | 'by' | 'champion' | 'recipe'>;

function blank(by: string, now: Date, config: Config): Begun {
  return { id: retrainingRunId(now), startedAt: now.toISOString(), by, champion: '', recipe: recipeOf(config) };
}

function retrainingRunId(now: Date): string {
  return `night-${now.toISOString().replace(/[:.]/g, '-')}`;
}

function recordOf(begun: Begun, { clock, codeVersion }: RetrainingParts, outcome: ChangeRecord['outcome'], why: string): ChangeRecord {
  return {
    id: begun.id,
    startedAt: begun.startedAt,
    endedAt: clock.now().toISOString(),
    by: begun.by,
    codeVersion,
    engine: '',
    seed: begun.recipe.seed,
    challenger: null,
    champion: begun.champion === '' ? null : begun.champion,
    lineage: null,
    decision: null,
    outcome,
    why,
    figures: { challenger: null, champion: null },
    notes: [],
  };
}

async function championOf(registry: Registry): Promise<ModelVersion> {
  const aliases = await registry.aliases();
  if (!aliases) throw new Fault('model-unknown', 'expected a champion to begin with, found none: start the service once');
  return registry.load(aliases.champion);
}

async function adjudicatedLabels({ store }: RetrainingParts): Promise<readonly ConsensusLabel[]> {
  const settled: ConsensusLabel[] = [];
  for (let after: string | undefined; ; ) {
    const page = await store.labels.statements(after === undefined ? {} : { after });
    if (page.length === 0) return settled;
    after = page.at(-1)!.studyInstanceUID;
    settled.push(...consensusLabels(page).filter(({ state }) => state === 'settled'));
  }
}

function labelKey({ studyInstanceUID, finding, decision }: ConsensusLabel): string {
  return `${studyInstanceUID} ${finding} ${decision ?? ''}`;
}

/** Labels that the last night that came to a decision did not have. */
async function newSince(settled: readonly ConsensusLabel[], memory: RetrainingMemory): Promise<number> {
  const before = new Set(await memory.lastLabels());
  return settled.filter((one) => !before.has(labelKey(one))).length;
}

export function rulesOf({ night: { rulesFile } }: Config): PromotionRules {
  return rulesFile ? loadConfigFile(rulesFile, promotionRulesSchema) : defaultPromotionRules;
}

/** What is tried where the settings name no batch and memory allows it. */
const maxBatch = 32;

/** The night's recipe. The plan keeps the batch: a night that goes on has that of its beginning. */
export function recipeByMemory(
  config: Pick<Config, 'night'>,
  { network, input }: Pick<ServedNetwork, 'network' | 'input'>,
): { readonly recipe: Recipe; readonly batchBy?: string } {
  const recipe = recipeOf(config);
  if (config.night.batch !== undefined) return { recipe };
  const { batch, why } = batchByMemory(network.architecture, recipe.stages, input, machineMemory(), maxBatch);
  return { recipe: { ...recipe, batch }, batchBy: why };
}

/** fastai's two stages, the second gently: the network knows chests already. */
function recipeOf({ night: { batch, headEpochs, headRate, epochs, rate, seed, augmentation } }: Pick<Config, 'night'>): Recipe {
  const stages = [
    ...(headEpochs > 0 ? [{ what: 'head' as const, epochs: headEpochs, rate: headRate }] : []),
    ...(epochs > 0 ? [{ what: 'all' as const, epochs, rate, firstRate: rate / 10 }] : []),
  ];
  return {
    ...fastaiRecipe,
    seed,
    batch: batch ?? maxBatch,
    stages,
    augmentation: { fastai: fastaiTransforms, robust: robustTransforms, none: noTransforms }[augmentation],
  };
}

/** What the training process left; undefined if it is not at its end. */
export async function readOutcome(run: string): Promise<Extract<Retrained, { finished: true }> | undefined> {
  const text = await readFile(join(run, 'outcome.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { challenger, engine, warnings, ...rest } = JSON.parse(text) as Extract<Retrained, { finished: true }> & {
    judgement?: ChallengerEvaluation;
  };
  // Release 0.2.0 wrote it under the name `judgement`.
  const evaluation = rest.evaluation ?? rest.judgement;
  return {
    finished: true,
    challenger,
    engine,
    warnings,
    evaluation: {
      decision: gateDecisionSchema.parse(evaluation.decision),
      challenger: evaluationReportSchema.parse(evaluation.challenger),
      champion: evaluation.champion === null ? null : evaluationReportSchema.parse(evaluation.champion),
    },
  };
}
