import { resizeBilinear } from '../../src/pixels/resize.js';
import { bordersCovered, lungsCovered, onlyLungs } from '../../src/pixels/xray/covered.js';
import type { GreyImage } from '../../src/pixels/image.js';
import type { Engine } from '../../src/engine/engine.js';
import { calibratedOutputs } from '../../src/evaluation/calibrated-outputs.js';
import { findingProbabilities } from '../../src/evaluation/probability.js';
import { decidePromotion } from '../../src/evaluation/promotion/decide.js';
import type { GateDecision } from '../../src/evaluation/promotion/gate-decision.js';
import { fitLogisticRegression } from '../../src/evaluation/promotion/logistic-regression.js';
import { defaultPromotionRules } from '../../src/evaluation/promotion/promotion-rules.js';
import type { ScoredSet } from '../../src/evaluation/report/scored-set.js';
import type { ModelVersion } from '../../src/registry/model-version.js';
import { scoreExamples, type ScoredExamples } from '../../src/retraining/score-examples.js';
import { phantomPatient, type PhantomPatient } from './phantom-patients.js';

export interface PhantomGate {
  /** A last layer trained on the champion's features with these labels, before the gate with the shipped rules. */
  decide(label: (patient: PhantomPatient) => boolean): GateDecision;
}

/**
 * The features of every picture take most of the time of a retraining run. They are computed once; then the last layer of any number
 * of runs is trained and evaluated in a moment each. Champion, locked test set and covered pictures are those of a real run.
 */
export async function openPhantomGate(
  champion: ModelVersion,
  engine: Engine,
  test: readonly number[],
  fresh: readonly number[],
): Promise<PhantomGate> {
  const served = champion.networks.xray!;
  const predictor = await engine.load(served.network);
  const patients = new Map([...test, ...fresh].map((number) => [number, phantomPatient(number)]));
  const seen = (numbers: readonly number[], change?: (image: GreyImage) => GreyImage): Promise<ScoredExamples> =>
    scoreExamples({
      served,
      predictor,
      kind: 'xray',
      labelRules: {},
      examples: numbers.map((number) => ({
        key: String(number),
        patient: `p${number}`,
        source: 'phantom',
        view: 'PA',
        labels: patients.get(number)!.diseased ? ['pneumonia'] : [],
      })),
      picture: async ({ key }) => patients.get(Number(key))!.image,
      ...(change ? { change: (image) => change(resizeBilinear(image, served.input.width, served.input.height)) } : {}),
    });
  const [plain, covered, only, borders, learned] = [
    await seen(test),
    await seen(test, lungsCovered),
    await seen(test, onlyLungs),
    await seen(test, bordersCovered),
    await seen(fresh),
  ];
  await predictor.release();
  return {
    decide(label) {
      const labels = fresh.map((number) => (label(patients.get(number)!) ? 1 : 0));
      const calibrates = (index: number): boolean => index % 4 === 1;
      const training = fresh.map((_, index) => index).filter((index) => !calibrates(index));
      const head = fitLogisticRegression(
        training.map((index) => learned.embeddings[index]!),
        training.map((index) => labels[index]!),
        2,
        0.1,
      );
      const logit = (embedding: Float32Array): number => {
        const [absent, present] = head.probabilities(embedding);
        return Math.log(Math.max(present!, 1e-12) / Math.max(absent!, 1e-12));
      };
      const held = fresh.map((_, index) => index).filter(calibrates);
      const [rule] = calibratedOutputs({
        objective: 'several',
        classes: ['pneumonia'],
        logits: held.map((index) => [logit(learned.embeddings[index]!)]),
        yTrue: held.map((index) => [labels[index] as 0 | 1]),
      });
      const evaluated = ({ set, embeddings }: ScoredExamples): ScoredSet => ({
        ...set,
        thresholds: [rule!.presentFrom],
        images: set.images.map((image, index) => ({
          ...image,
          yScore: findingProbabilities([logit(embeddings[index]!)], { outputs: [rule!], objective: 'several' }),
        })),
      });
      return decidePromotion(
        {
          testSet: 'locked',
          kind: 'xray',
          champion: { version: champion.version, set: plain.set, embeddings: plain.embeddings },
          challenger: { version: 'challenger', set: evaluated(plain), embeddings: plain.embeddings },
          masked: { lungsCovered: evaluated(covered), onlyLungs: evaluated(only), bordersCovered: evaluated(borders) },
        },
        defaultPromotionRules,
      );
    },
  };
}
