import { isReadOnImage, labelOrigins, type LabelOrigin } from '../../lib/label-origin.js';
import type { ScoredImage, ScoredSet } from '../report/scored-set.js';
import type { EvaluatedVersion, GateEvidence, MaskedSets } from './evidence.js';
import type { Criterion } from './gate-decision.js';
import type { PromotionRules } from './promotion-rules.js';

/**
 * The evidence with the labels that the gate uses. Where a source has enough patients with and without a finding whose label somebody
 * gave on the image, labels of that finding that were mined from reports, or state what a report says, are left out there: they are
 * wrong too often to decide about a network. Where it has not, all labels are used.
 */
export function withReliableLabels(evidence: GateEvidence, rules: PromotionRules): GateEvidence {
  const drop = droppedLabels(evidence.challenger.set, rules);
  if (drop.size === 0) return evidence;
  // by name of the finding: versions may have other classes
  const set = (own: ScoredSet): ScoredSet => ({
    ...own,
    images: own.images.map((image, place) => ({
      ...image,
      yTrue: image.yTrue.map((truth, index) => (drop.get(own.classes[index]!)?.has(place) ? null : truth)),
    })),
  });
  const version = (one: EvaluatedVersion): EvaluatedVersion => ({ ...one, set: set(one.set) });
  return {
    ...evidence,
    challenger: version(evidence.challenger),
    champion: evidence.champion && version(evidence.champion),
    ...(evidence.best ? { best: evidence.best.map(version) } : {}),
    masked: evidence.masked && maskedWith(evidence.masked, set),
  };
}

function maskedWith({ lungsCovered, onlyLungs, bordersCovered }: MaskedSets, change: (set: ScoredSet) => ScoredSet): MaskedSets {
  return { lungsCovered: change(lungsCovered), onlyLungs: change(onlyLungs), bordersCovered: change(bordersCovered) };
}

/** Places of images whose label is left out, by finding. */
function droppedLabels(
  { objective, classes, images }: ScoredSet,
  { minPatients }: PromotionRules,
): ReadonlyMap<string, ReadonlySet<number>> {
  const dropped = new Map<string, Set<number>>();
  if (objective === 'one-of-many') return dropped;
  const sources = [...new Set(images.map(({ source }) => source))];
  classes.forEach((name, index) => {
    for (const source of sources) {
      const own = images.flatMap((image, place) => (image.source === source && image.yTrue[index] !== null ? [{ image, place }] : []));
      const read = own.filter(({ image }) => isReadOnImage(originOf(image, index)));
      const patientsWith = (truth: 0 | 1): number =>
        new Set(read.flatMap(({ image }) => (image.yTrue[index] === truth ? [image.patient] : []))).size;
      if (read.length === own.length || Math.min(patientsWith(0), patientsWith(1)) < minPatients) continue;
      const places = own.filter(({ image }) => !isReadOnImage(originOf(image, index))).map(({ place }) => place);
      dropped.set(name, new Set([...(dropped.get(name) ?? []), ...places]));
    }
  });
  return dropped;
}

function originOf({ origins }: ScoredImage, index: number): LabelOrigin | null {
  return origins?.[index] ?? null;
}

/** How many labels of each origin the decision rests on; shown, does not count. */
export function labelsByOrigin(name: string, set: ScoredSet): readonly Criterion[] {
  const index = set.classes.indexOf(name);
  const labelled = set.images.filter(({ yTrue }) => yTrue[index] !== null);
  if (labelled.every((image) => originOf(image, index) === null)) return [];
  const counts = [...labelOrigins, null]
    .map((origin) => ({ origin, n: labelled.filter((image) => originOf(image, index) === origin).length }))
    .filter(({ n }) => n > 0);
  const reliable = labelled.filter((image) => isReadOnImage(originOf(image, index))).length / labelled.length;
  return [
    {
      name: 'labels-read-on-image',
      class: name,
      figure: reliable,
      interval: null,
      comparison: 'at-least',
      bound: null,
      passed: true,
      counts: false,
      words: `Of the labels for ${name} that the gate uses, ${counts.map(({ origin, n }) => `${n} ${n === 1 ? 'is' : 'are'} ${origin === null ? 'without a stated origin' : originText[origin]}`).join(', ')}.`,
    },
  ];
}

const originText = {
  adjudicated: 'adjudicated',
  radiologist: 'by a radiologist',
  mined: 'mined from report texts',
  report: 'from a report or a caption',
} as const;
