import {
  chooseOperatingPoint,
  defaultOperatingPointRules,
  type OperatingPoint,
  type UnseenScore,
} from '../../src/evaluation/choose-operating-point.js';
import type { ScoredSet } from '../../src/evaluation/report/scored-set.js';
import type { NetworkFile } from '../../src/registry/model-file.js';
import type { Figures, SetFigures } from './figures-file.js';
import { findingsByAuroc, type FindingDecision } from './shipped-findings.js';

export type OutputDecision = Figures['decisions'][number];

/** Ships also below its AUROC: it is the most general finding, and a service that shows nothing cannot be tried out. */
const always = 'abnormal';

/**
 * What becomes of each finding: it needs its AUROC at left-out sources, and then a threshold at which no left-out source has more than
 * a tenth of false positives and enough sensitivity is left. `abnormal` ships below its AUROC too, but never without such a threshold.
 *
 * @param sets the images of left-out sources, each as a network scores them that was trained without them
 */
export function outputDecisions(
  test: Pick<SetFigures, 'findings' | 'bySourceAndView'>,
  unseen: Figures['unseen'],
  sets: readonly ScoredSet[],
): readonly OutputDecision[] {
  return findingsByAuroc(test, unseen).map((one) => {
    if (one.isShipped) return withOperatingPoint(one, sets);
    return one.name === always ? { ...withOperatingPoint(one, sets), isBelowCriterion: true } : one;
  });
}

function withOperatingPoint({ name, why }: FindingDecision, sets: readonly ScoredSet[]): OutputDecision {
  const point = chooseOperatingPoint(sets.flatMap((set) => unseenScores(set, name)));
  return {
    name,
    isShipped: point.shipped,
    why: `${why} ${pointText(point)}`,
    ...(point.shipped ? { presentFrom: point.presentFrom, absentBelow: point.absentBelow } : {}),
  };
}

/**
 * The outputs of the model that ships: with the thresholds that were chosen, or ignored. `abnormal` has no regions: it is no disease
 * with one place, and the network's maps of 4 × 4 cells were strongest outside the lungs in all images that were looked at.
 */
export function shippedOutputs(outputs: NetworkFile['outputs'], decisions: readonly OutputDecision[]): NetworkFile['outputs'] {
  return outputs.map((output) => {
    const decision = decisions.find(({ name }) => name === output.name);
    if (output.kind !== 'finding' || !decision) return output;
    const { presentFrom, absentBelow } = decision;
    if (!decision.isShipped || presentFrom === undefined || absentBelow === undefined) return { kind: 'ignored', name: output.name };
    return { ...output, presentFrom, absentBelow, ...(output.name === always ? { regions: false as const } : {}) };
  });
}

/**
 * Images that the model's guards accept and whose label is known. Of a source in which radiologists read enough patients without the
 * finding only what they read: a label from report text is often wrong, and a true positive would count as a false one.
 */
function unseenScores(set: ScoredSet, name: string): readonly UnseenScore[] {
  const index = set.classes.indexOf(name);
  const rows = set.images.flatMap(({ patient, source, yTrue, yScore, origins, refusal }) => {
    const truth = yTrue[index] ?? null;
    const isRead = ['radiologist', 'adjudicated'].includes(origins?.[index] ?? '');
    return truth === null || refusal !== undefined ? [] : [{ patient, source, yTrue: truth, yScore: yScore[index]!, isRead }];
  });
  const readNormals = (source: string): number =>
    new Set(rows.filter((row) => row.source === source && row.isRead && row.yTrue === 0).map(({ patient }) => patient)).size;
  const enough = new Set(
    [...new Set(rows.map(({ source }) => source))].filter((source) => readNormals(source) >= defaultOperatingPointRules.minPatients),
  );
  return rows.filter(({ source, isRead }) => isRead || !enough.has(source));
}

function pointText(point: OperatingPoint): string {
  if (!point.shipped) return `Operating point: ${point.why}.`;
  const { value, interval } = point.sensitivity;
  return `Present from ${point.presentFrom}: at most ${defaultOperatingPointRules.maxFalsePositives * 100} % false positives at each left-out source (${point.worst} decides), sensitivity ${value!.toFixed(2)} (${interval!.map((end) => end.toFixed(2)).join('–')}) over all of them.`;
}
