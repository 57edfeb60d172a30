import type { Estimate } from './metrics/estimate.js';
import { patientShare } from './metrics/patient-share.js';

/** One image of a source that the network was not trained on, as that network scores it. */
export interface UnseenScore {
  readonly patient: string;
  readonly source: string;
  readonly yTrue: 0 | 1;
  /** Calibrated, 0 to 1. */
  readonly yScore: number;
}

export interface OperatingPointRules {
  /** Share of false positives that the worst left-out source may have. */
  readonly maxFalsePositives: number;
  /** The lower end of the interval of sensitivity that is needed over all left-out sources, or the finding is not shipped. */
  readonly minSensitivity: number;
  /** A source decides on the threshold from so many patients without the finding on; as many with it are needed for sensitivity. */
  readonly minPatients: number;
  readonly confidence: number;
}

export const defaultOperatingPointRules: OperatingPointRules = {
  maxFalsePositives: 0.1,
  minSensitivity: 0.3,
  minPatients: 20,
  confidence: 0.95,
};

/** What the threshold gives at one left-out source; null where the source holds none of that side. */
export interface SourcePoint {
  readonly source: string;
  readonly falsePositives: Estimate;
  readonly sensitivity: Estimate;
}

/** A threshold, or the reason why the finding is not shipped. */
export type OperatingPoint =
  | {
      readonly shipped: true;
      readonly presentFrom: number;
      /** Nine of ten positives of the left-out sources score at least this. */
      readonly absentBelow: number;
      /** The source with the most false positives there. */
      readonly worst: string;
      readonly sensitivity: Estimate;
      readonly sources: readonly SourcePoint[];
    }
  | { readonly shipped: false; readonly why: string; readonly presentFrom: number | null; readonly sources: readonly SourcePoint[] };

/** Thresholds are stored with three digits; rounded up, so that the share of false positives is kept. */
const digits = 1000;

/**
 * The lowest threshold at which no left-out source has more than `maxFalsePositives` among its images without the finding. A finding that
 * has too little sensitivity at this threshold, or for which the question cannot be answered, is not shipped.
 *
 * Scores of a source are those of a network that was trained without it; nothing else says how an unknown hospital would fare.
 */
export function chooseOperatingPoint(
  scores: readonly UnseenScore[],
  rules: OperatingPointRules = defaultOperatingPointRules,
): OperatingPoint {
  const { maxFalsePositives, minSensitivity, minPatients, confidence } = rules;
  const sources = [...new Set(scores.map(({ source }) => source))].sort();
  const of = (truth: 0 | 1, source?: string): readonly UnseenScore[] =>
    scores.filter((one) => one.yTrue === truth && (source === undefined || one.source === source));
  const patientsIn = (rows: readonly UnseenScore[]): number => new Set(rows.map(({ source, patient }) => `${source} ${patient}`)).size;
  const limits = sources
    .filter((source) => patientsIn(of(0, source)) >= minPatients)
    .map((source) => ({ source, threshold: lowestThreshold(of(0, source), maxFalsePositives) }));
  const positives = of(1);
  if (limits.length === 0)
    return notShipped(`no left-out source has ${minPatients} patients without it: false positives cannot be bounded`, null, []);
  const worst = limits.reduce((one, other) => (other.threshold > one.threshold ? other : one));
  const presentFrom = Math.ceil(worst.threshold * digits - 1e-9) / digits;
  const share = (rows: readonly UnseenScore[]): Estimate =>
    patientShare(
      rows.map(({ source, patient }) => `${source} ${patient}`),
      rows.map(({ yScore }) => yScore >= presentFrom),
      confidence,
    );
  const points = sources.map((source) => ({ source, falsePositives: share(of(0, source)), sensitivity: share(of(1, source)) }));
  if (presentFrom > 1)
    return notShipped(`at ${worst.source} more than ${percent(maxFalsePositives)} are false positives at every threshold`, null, points);
  if (patientsIn(positives) < minPatients)
    return notShipped(`left-out sources have ${patientsIn(positives)} patients with it, ${minPatients} are needed`, presentFrom, points);
  const sensitivity = share(positives);
  const lowest = sensitivity.interval![0];
  if (lowest < minSensitivity)
    return notShipped(
      `with at most ${percent(maxFalsePositives)} false positives at every left-out source its sensitivity there may be as low as ${percent(lowest)}, ${percent(minSensitivity)} is needed`,
      presentFrom,
      points,
    );
  const ascending = positives.map(({ yScore }) => yScore).sort((one, other) => one - other);
  const ninety = Math.floor(ascending[Math.floor(0.1 * ascending.length)]! * digits) / digits;
  return { shipped: true, presentFrom, absentBelow: Math.min(ninety, presentFrom), worst: worst.source, sensitivity, sources: points };
}

/** The lowest threshold that at most this share of the images reaches; just above the highest score if all of them are alike. */
function lowestThreshold(negatives: readonly UnseenScore[], share: number): number {
  const descending = negatives.map(({ yScore }) => yScore).sort((one, other) => other - one);
  const allowed = Math.floor(share * descending.length + 1e-9);
  // the first score that must not reach the threshold
  const excluded = descending[allowed]!;
  return (Math.floor(excluded * digits + 1e-9) + 1) / digits;
}

function notShipped(why: string, presentFrom: number | null, sources: readonly SourcePoint[]): OperatingPoint {
  return { shipped: false, why, presentFrom, sources };
}

function percent(value: number): string {
  return `${(value * 100).toFixed(0)} %`;
}
