import { gaussian, mulberry32, type Uniform } from '../../src/lib/seeded-random.js';
import { compareWaiting, limitOf } from '../../src/triage/reading-order.js';
import { urgencyOf, type UrgencyWeights, type WeighedFinding } from '../../src/triage/urgency.js';

/* A radiology department in which studies arrive, wait, and are read one after the other. Times are minutes from the start. */

export interface SimulatedStudy {
  readonly id: string;
  readonly arrivesAt: number;
  readonly readingMinutes: number;
  /** What the study really shows; nothing if it is normal. */
  readonly truth: readonly string[];
  /** What the model states. */
  readonly findings: readonly WeighedFinding[];
}

/** A finding of the department's patients, and the model's performance on it. */
export interface SimulatedFinding {
  readonly name: string;
  /** Share of studies that show it, 0 to 1. */
  readonly prevalence: number;
  readonly classifier: SimulatedClassifier;
}

/** Draws calibrated probabilities whose ROC curve is the given one. */
export interface SimulatedClassifier {
  draw(isPresent: boolean, random: Uniform): Pick<WeighedFinding, 'probability' | 'decision'>;
}

export interface Department {
  readonly days: number;
  /** Mean number of arrivals in each hour of the day, 24 of them. */
  readonly arrivals: readonly number[];
  /** Readers at work in each hour of the day, 24 of them. */
  readonly readers: readonly number[];
  /** Minutes for one study: log-normal, by its median and the standard deviation of its logarithm; 0: always the median. */
  readonly reading: { readonly median: number; readonly sigma: number };
  readonly findings: readonly SimulatedFinding[];
}

/** Studies of a department by time of arrival: a Poisson process in each hour. The same seed gives the same studies. */
export function studiesOf({ days, arrivals, reading, findings }: Department, seed: number): readonly SimulatedStudy[] {
  const random = mulberry32(seed);
  const studies: SimulatedStudy[] = [];
  for (let hour = 0; hour < days * 24; hour++) {
    const rate = arrivals[hour % 24]! / 60;
    if (rate <= 0) continue;
    const gap = (): number => -Math.log(1 - random()) / rate;
    for (let at = hour * 60 + gap(); at < (hour + 1) * 60; at += gap()) {
      const shown = findings.map((one) => ({ ...one, isPresent: random() < one.prevalence }));
      studies.push({
        id: String(studies.length).padStart(8, '0'),
        arrivesAt: at,
        readingMinutes: reading.median * Math.exp(reading.sigma * gaussian(random)),
        truth: shown.filter(({ isPresent }) => isPresent).map(({ name }) => name),
        findings: shown.map(({ name, classifier, isPresent }) => ({ name, ...classifier.draw(isPresent, random) })),
      });
    }
  }
  return studies;
}

/**
 * A classifier with the ROC curve of a model. Its probabilities are calibrated by isotonic regression, which is the slope of the curve's
 * convex hull (Fawcett and Niculescu-Mizil, PAV and the ROC convex hull, 2007), at the prevalence of the set on which the curve was measured.
 *
 * @param roc points (false positive rate, true positive rate) from (0, 0) to (1, 1)
 */
export function classifierOf(
  roc: readonly (readonly [number, number])[],
  prevalence: number,
  thresholds: { readonly absentBelow: number; readonly presentFrom: number },
): SimulatedClassifier {
  const hull = upperHull(roc);
  const segments = hull.slice(1).map(([x, y], index) => {
    const [falsePositives, truePositives] = [x - hull[index]![0], y - hull[index]![1]];
    const [positive, negative] = [prevalence * truePositives, (1 - prevalence) * falsePositives];
    return { falsePositives, truePositives, probability: positive / (positive + negative) };
  });
  const decisionOf = (probability: number): WeighedFinding['decision'] =>
    probability >= thresholds.presentFrom ? 'present' : probability < thresholds.absentBelow ? 'absent' : 'undetermined';
  return {
    draw(isPresent, random) {
      let left = random();
      const found =
        segments.find((one) => (left -= isPresent ? one.truePositives : one.falsePositives) < 0) ??
        segments.findLast((one) => (isPresent ? one.truePositives : one.falsePositives) > 0)!;
      return { probability: found.probability, decision: decisionOf(found.probability) };
    },
  };
}

/** Vertices of the convex hull above a curve, from left to right. */
export function upperHull(points: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] {
  const hull: (readonly [number, number])[] = [];
  const sorted = [...points, [0, 0] as const, [1, 1] as const].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  for (const point of sorted) {
    while (hull.length > 1 && turn(hull.at(-2)!, hull.at(-1)!, point) >= 0) hull.pop();
    if (hull.at(-1)?.[0] !== point[0] || hull.at(-1)?.[1] !== point[1]) hull.push(point);
  }
  return hull;
}

/** Positive for a turn to the left. */
function turn(a: readonly [number, number], b: readonly [number, number], c: readonly [number, number]): number {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

/** In which order studies are read: by the product's urgency and order; without a limit none goes first because it waits. */
export interface ReadingPolicy {
  readonly weights: UrgencyWeights;
  readonly maxWaitMinutes: number | undefined;
}

export interface SimulatedReading {
  readonly study: SimulatedStudy;
  readonly reader: number;
  readonly startsAt: number;
  readonly endsAt: number;
}

/** Chooses the next of the waiting studies. */
export type ChooseNext = (waiting: readonly SimulatedStudy[], now: number) => number;

/** The product's own urgency and order. */
export function chooseByPolicy({ weights, maxWaitMinutes }: ReadingPolicy): ChooseNext {
  const known = new Map<string, { studyInstanceUID: string; urgency: number; waitingSince: Date }>();
  const stored = (study: SimulatedStudy) => {
    const before = known.get(study.id);
    if (before) return before;
    const urgency = urgencyOf({ findings: study.findings, priority: 5 }, weights);
    const row = { studyInstanceUID: study.id, urgency, waitingSince: new Date(study.arrivesAt * 60_000) };
    known.set(study.id, row);
    return row;
  };
  return (waiting, now) => {
    const limit = maxWaitMinutes === undefined ? new Date(-1) : limitOf(new Date(now * 60_000), maxWaitMinutes);
    let best = 0;
    for (let index = 1; index < waiting.length; index++)
      if (compareWaiting(stored(waiting[index]!), stored(waiting[best]!), limit) < 0) best = index;
    return best;
  };
}

export const chooseFirstIn: ChooseNext = () => 0;

/**
 * Reads all studies. A reader who is at work and free takes the next study at once, and finishes it even when the shift ends.
 *
 * @param studies by time of arrival
 */
export function readAll(studies: readonly SimulatedStudy[], readers: readonly number[], choose: ChooseNext): readonly SimulatedReading[] {
  const freeAt = Array.from({ length: Math.max(...readers) }, () => 0);
  const waiting: SimulatedStudy[] = [];
  const readings: SimulatedReading[] = [];
  let arrived = 0;
  let now = 0;
  while (readings.length < studies.length) {
    while (arrived < studies.length && studies[arrived]!.arrivesAt <= now) waiting.push(studies[arrived++]!);
    const atWork = readers[Math.floor(now / 60) % 24]!;
    const reader = freeAt.findIndex((at, index) => index < atWork && at <= now);
    if (reader >= 0 && waiting.length > 0) {
      const [study] = waiting.splice(choose(waiting, now), 1);
      const endsAt = now + study!.readingMinutes;
      freeAt[reader] = endsAt;
      readings.push({ study: study!, reader, startsAt: now, endsAt });
      continue;
    }
    const nextHour = (Math.floor(now / 60) + 1) * 60;
    const nextFree = Math.min(...freeAt.filter((at) => at > now));
    const nextArrival = studies[arrived]?.arrivesAt ?? Number.POSITIVE_INFINITY;
    now = Math.min(nextHour, waiting.length > 0 ? nextFree : Number.POSITIVE_INFINITY, nextArrival);
  }
  return readings;
}
