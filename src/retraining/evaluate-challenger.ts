import type { Example } from '../dataset/example.js';
import type { Engine } from '../engine/engine.js';
import { Fault } from '../errors.js';
import { decidePromotion } from '../evaluation/promotion/decide.js';
import type { GateEvidence, EvaluatedVersion, MaskedSets } from '../evaluation/promotion/evidence.js';
import type { GateDecision } from '../evaluation/promotion/gate-decision.js';
import type { PromotionRules } from '../evaluation/promotion/promotion-rules.js';
import { evaluateSet } from '../evaluation/report/evaluate-set.js';
import type { EvaluationReport } from '../evaluation/report/evaluation-report.js';
import { withServedThresholds, type SiteFindings } from '../evaluation/operating-points.js';
import { bordersCovered, lungsCovered, onlyLungs, type LungsOf } from '../pixels/xray/covered.js';
import type { GreyImage } from '../pixels/image.js';
import { resizeBilinear } from '../pixels/resize.js';
import type { BestVersions } from '../registry/best-versions.js';
import type { ModelVersion, ServedNetwork } from '../registry/model-version.js';
import { scoreExamples, type ScoredExamples } from './score-examples.js';

/** What the gate compares. */
export interface Challenge {
  readonly kind: 'xray' | 'ct';
  /** Null for the first model, or where the champion has no network of this kind. */
  readonly champion: ModelVersion | null;
  readonly challenger: ModelVersion;
  /** Best promoted versions so far, other than the champion, with those that cannot be loaded (registry/best-versions.ts). */
  readonly best?: BestVersions;
  readonly engine: Engine;
  /** The locked test set. A version that was trained on one of its patients, by its lineage, is refused. */
  readonly examples: readonly Example[];
  readonly picture: (example: Example) => Promise<GreyImage>;
  /** Name of the locked test set, for the record. */
  readonly testSet: string;
  /** Label rules and the hospital's thresholds: examined is what is served. */
  readonly findings: SiteFindings;
  readonly rules: PromotionRules;
  /** What the challenger was trained on, for the change record. */
  readonly training?: GateEvidence['training'];
  readonly onProgress?: (step: string, done: number, total: number) => void;
  /** Called with the predictions of both versions on the test set. */
  readonly onScored?: (challenger: ScoredExamples['set'], champion: ScoredExamples['set'] | undefined) => Promise<void>;
}

export interface ChallengerEvaluation {
  readonly decision: GateDecision;
  readonly challenger: EvaluationReport;
  readonly champion: EvaluationReport | null;
}

/**
 * Evaluates both versions on the locked test set, evaluates the challenger again with lungs, borders or everything but the lungs
 * covered, and asks the gate. Changes nothing: the caller promotes.
 *
 * @throws Fault 'model-invalid' if the challenger has no such network, 'dataset-invalid' if no image is left to compare
 */
export async function evaluateChallenger(challenge: Challenge): Promise<ChallengerEvaluation> {
  const { kind, champion, challenger, best = { versions: [], missing: [] }, examples, testSet, rules, training } = challenge;
  for (const version of [challenger, ...(champion ? [champion] : []), ...best.versions]) refuseTrainedOn(version, examples, testSet);
  const whole = await scoredBy(challenger, 'challenger', challenge);
  const before = champion?.networks[kind] ? await scoredBy(champion, 'champion', challenge) : null;
  await challenge.onScored?.(whole.set, before?.set);
  const earlier: { readonly version: ModelVersion; readonly scored: ScoredExamples }[] = [];
  for (const version of best.versions)
    if (version.networks[kind]) earlier.push({ version, scored: await scoredBy(version, 'best version so far', challenge) });
  const masked = await maskedSets(challenge);
  const evaluated = (version: ModelVersion, { set, embeddings }: ScoredExamples): EvaluatedVersion => ({
    version: version.version,
    set,
    embeddings,
  });
  const common = imagesOfAll([whole, ...(before ? [before] : []), ...earlier.map(({ scored }) => scored)]);
  const evidence: GateEvidence = {
    testSet,
    kind,
    champion: before && champion ? evaluated(champion, only(before, common)) : null,
    challenger: evaluated(challenger, only(whole, common)),
    best: earlier.map(({ version, scored }) => evaluated(version, only(scored, common))),
    bestMissing: best.missing,
    masked: masked && {
      lungsCovered: onlySet(masked.lungsCovered, common),
      onlyLungs: onlySet(masked.onlyLungs, common),
      bordersCovered: onlySet(masked.bordersCovered, common),
    },
    training,
  };
  if (common.size === 0) throw new Fault('dataset-invalid', `expected images of ${testSet} that both versions accept, found none`);
  const report = (version: ModelVersion, scored: ScoredExamples): EvaluationReport =>
    evaluateSet(scored.set, {
      model: { name: version.name, version: version.version, deviceUID: version.deviceUID, network: kind },
      dataset: { name: testSet, split: 'locked test set' },
      resamples: rules.resamples,
      seed: rules.seed,
      confidence: rules.confidence,
    });
  return {
    decision: decidePromotion(evidence, rules),
    challenger: report(challenger, whole),
    champion: before && champion ? report(champion, before) : null,
  };
}

/** A version that was trained on patients of the test set would be rated too well, and the other one too badly. */
function refuseTrainedOn({ version, lineage }: ModelVersion, examples: readonly Example[], testSet: string): void {
  const trainedOn = new Set(lineage?.trainedOn);
  const seen = new Set(examples.flatMap(({ patient }) => (trainedOn.has(patient) ? [patient] : [])));
  if (seen.size > 0)
    throw new Fault(
      'dataset-invalid',
      `expected no patient of ${testSet} among those that version ${version} was trained on, found ${seen.size}: the gate cannot evaluate it`,
    );
}

async function scoredBy(
  version: ModelVersion,
  step: string,
  challenge: Challenge,
  change?: (image: GreyImage, served: ServedNetwork) => GreyImage,
): Promise<ScoredExamples> {
  const { kind, engine, examples, picture, findings, onProgress } = challenge;
  const own = version.networks[kind];
  if (!own) throw new Fault('model-invalid', `expected a network for ${kind} in ${version.version}, found none`);
  const served = withServedThresholds(own, (finding) => (Object.hasOwn(findings, finding) ? findings[finding] : undefined));
  const predictor = await engine.load(served.network);
  try {
    return await scoreExamples({
      served,
      predictor,
      kind,
      examples,
      picture,
      labelRules: findings,
      ...(change ? { change: (image) => change(image, served) } : {}),
      onProgress: (done, total) => onProgress?.(step, done, total),
    });
  } finally {
    await predictor.release();
  }
}

async function maskedSets(challenge: Challenge): Promise<MaskedSets> {
  // Covered after resizing to the network's input: there the lung fields are found in a tenth of the time.
  const scoreCovered = async (step: string, cover: (image: GreyImage, of: LungsOf) => GreyImage): Promise<ScoredExamples> =>
    scoredBy(challenge.challenger, step, challenge, (image, { input }) =>
      cover(resizeBilinear(image, input.width, input.height), challenge.kind),
    );
  return {
    lungsCovered: (await scoreCovered('lungs covered', lungsCovered)).set,
    onlyLungs: (await scoreCovered('only lungs', onlyLungs)).set,
    bordersCovered: (await scoreCovered('borders covered', bordersCovered)).set,
  };
}

/** A one-of-many network leaves out images that its classes do not describe. Only images that every version scored are compared. */
function imagesOfAll(all: readonly ScoredExamples[]): ReadonlySet<string> {
  const [first, ...others] = all.map(({ set }) => new Set(set.images.map(({ id }) => id)));
  return new Set([...(first ?? [])].filter((id) => others.every((ids) => ids.has(id))));
}

function only({ embeddings, ...scored }: ScoredExamples, ids: ReadonlySet<string>): ScoredExamples {
  return { ...scored, set: onlySet(scored.set, ids), embeddings: embeddings.filter((_, image) => ids.has(scored.set.images[image]!.id)) };
}

function onlySet(set: ScoredExamples['set'], ids: ReadonlySet<string>): ScoredExamples['set'] {
  return { ...set, images: set.images.filter(({ id }) => ids.has(id)) };
}
