import type { Example, ExampleSource } from '../../src/dataset/example.js';
import { keyedRandom, shuffled } from '../../src/lib/seeded-random.js';
import type { Engine } from '../../src/engine/engine.js';
import { defaultPromotionRules } from '../../src/evaluation/promotion/promotion-rules.js';
import { aurocEstimate } from '../../src/evaluation/report/class-figures.js';
import { classView } from '../../src/evaluation/report/decisions.js';
import { evaluateSet } from '../../src/evaluation/report/evaluate-set.js';
import type { ScoredSet } from '../../src/evaluation/report/scored-set.js';
import type { LabelRules } from '../../src/evaluation/truth.js';
import { lungsCovered, onlyLungs } from '../../src/pixels/xray/covered.js';
import type { GreyImage } from '../../src/pixels/image.js';
import { resizeBilinear } from '../../src/pixels/resize.js';
import type { ModelVersion } from '../../src/registry/model-version.js';
import { scoreExamples } from '../../src/retraining/score-examples.js';
import type { SetFigures, UnseenFigures } from './figures-file.js';

export interface Measured {
  readonly version: ModelVersion;
  readonly kind: 'xray' | 'ct';
  readonly engine: Engine;
  readonly source: ExampleSource;
  readonly labelRules: LabelRules;
}

/** The seed of every interval and every draw, as the gate has it. */
export const seed = defaultPromotionRules.seed;

/** What the network and the guards in front of it say of some examples. */
export async function scored(
  { version, kind, engine, source, labelRules }: Measured,
  examples: readonly Example[],
  cover?: (image: GreyImage) => GreyImage,
): Promise<ScoredSet> {
  const served = version.networks[kind]!;
  const predictor = await engine.load(served.network);
  try {
    const { width, height } = served.input;
    const change = cover && ((image: GreyImage): GreyImage => cover(resizeBilinear(image, width, height)));
    return (
      await scoreExamples({
        served,
        predictor,
        kind,
        examples,
        picture: (example) => source.picture(example),
        labelRules,
        ...(change ? { change } : {}),
      })
    ).set;
  } finally {
    await predictor.release();
  }
}

/** The figures of `evaluate`, to three digits. */
export function setFigures(set: ScoredSet): SetFigures {
  const { n, patients, refused, perClass, bySource, byView } = evaluateSet(set, { seed });
  const refusedOf = (name: string): number => {
    const own = set.images.filter(({ source }) => source === name);
    return own.filter(({ refusal }) => refusal !== undefined).length / own.length;
  };
  return rounded({
    n,
    patients,
    refused: refused?.share ?? 0,
    findings: Object.fromEntries(
      Object.entries(perClass).map(([name, { n: known, positives, patients: whose, auroc, sensitivity, specificity, ece, brier }]) => [
        name,
        { n: known, positives, patients: whose, auroc, sensitivity, specificity, ece, brier },
      ]),
    ),
    bySource: bySource.map((group) => ({ name: group.name, n: group.n, refused: refusedOf(group.name), findings: group.perClass })),
    byView: byView.map((group) => ({ name: group.name, n: group.n, findings: group.perClass })),
    bySourceAndView: [
      ...grouped(set.images, ({ source, view }) => `${source.startsWith('nih-') ? 'nih' : source} ${view || 'unknown view'}`),
    ]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, images]) => ({ name, n: images.length, findings: perFinding({ ...set, images }) })),
  });
}

function perFinding(set: ScoredSet): SetFigures['findings'] {
  return evaluateSet(set, { seed }).perClass;
}

/** The same for each source alone, by view. */
export function sourceFigures(set: ScoredSet): UnseenFigures['bySource'] {
  return [...grouped(set.images, ({ source }) => source)]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, images]) => {
      const { n, refused, findings, byView } = setFigures({ ...set, images });
      return { name, n, refused, findings, byView };
    });
}

/** AUROC of each finding on whole pictures, with only the lungs, and with the lungs covered. */
export async function coveredFigures(
  measured: Measured,
  examples: readonly Example[],
): Promise<Record<string, { whole: number | null; onlyLungs: number | null; lungsCovered: number | null }>> {
  const [whole, alone, without] = [
    await scored(measured, examples),
    await scored(measured, examples, onlyLungs),
    await scored(measured, examples, lungsCovered),
  ];
  const auroc = (set: ScoredSet, index: number): number | null =>
    aurocEstimate(classView(set, index), { seed, resamples: 100, confidence: 0.95 }).value;
  return rounded(
    Object.fromEntries(
      whole.classes.map((name, index) => [
        name,
        { whole: auroc(whole, index), onlyLungs: auroc(alone, index), lungsCovered: auroc(without, index) },
      ]),
    ),
  );
}

/** At most so many, drawn at random, the same each time. */
export function some(examples: readonly Example[], most: number): readonly Example[] {
  return shuffled(examples, keyedRandom('measured', seed).next).slice(0, most);
}

export function grouped<T>(items: readonly T[], name: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(name(item), [...(groups.get(name(item)) ?? []), item]);
  return groups;
}

/** Every number to three digits: what is written is what the card says. */
export function rounded<T>(value: T): T {
  return JSON.parse(JSON.stringify(value, (_, one: unknown) => (typeof one === 'number' ? Number(one.toFixed(3)) : one))) as T;
}
