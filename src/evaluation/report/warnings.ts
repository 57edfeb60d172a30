import type { ClassFigures, GroupFigures } from './evaluation-report.js';
import { pluralise } from '../pluralise.js';
import type { ScoredSet } from './scored-set.js';

/** Fewer patients of a side than this make intervals wide enough to hide anything. */
const fewPatients = 30;

/** Reasons why figures are less certain than they look, in sentences. */
export function warningsOf(
  set: ScoredSet,
  perClass: Readonly<Record<string, ClassFigures>>,
  bySource: readonly GroupFigures[],
  byView: readonly GroupFigures[],
): readonly string[] {
  return [
    ...set.classes.flatMap((name, index) => sizeWarning(set, name, index, perClass[name]!)),
    ...set.classes.flatMap((name) => [...apart(name, 'source', bySource), ...apart(name, 'view', byView)]),
    ...(set.images.some(({ patient, id }) => patient === '' || patient === id)
      ? ['Some images name no patient: they are taken for one patient each, and intervals may be too narrow.']
      : []),
  ];
}

function sizeWarning(
  set: ScoredSet,
  name: string,
  index: number,
  { n, positives, accuracy, majorityRate }: ClassFigures,
): readonly string[] {
  if (n === 0) return [`${name}: no image has a label.`];
  if (positives === 0 || positives === n)
    return [`${name}: every labelled image is ${positives === 0 ? 'negative' : 'positive'}; AUROC is not defined.`];
  const patientsOf = (truth: 0 | 1): number =>
    new Set(set.images.filter(({ yTrue }) => yTrue[index] === truth).map(({ patient }) => patient)).size;
  const fewest = Math.min(patientsOf(0), patientsOf(1));
  return [
    ...(fewest < fewPatients
      ? [`${name}: only ${pluralise(fewest, 'patient')} on one side; the width of the intervals is the message.`]
      : []),
    ...(accuracy.value !== null && majorityRate !== null && accuracy.value <= majorityRate
      ? [`${name}: accuracy is no better than always giving the commoner answer.`]
      : []),
  ];
}

/** A class that comes wholly from some sources and is absent from the others is told apart by knowing the source. */
function apart(name: string, what: 'source' | 'view', groups: readonly GroupFigures[]): readonly string[] {
  const labelled = groups.map((group) => group.perClass[name]!).filter(({ n }) => n > 0);
  const mixed = labelled.some(({ n, positives }) => positives > 0 && positives < n);
  const both = labelled.some(({ positives }) => positives > 0) && labelled.some(({ positives }) => positives === 0);
  return labelled.length > 1 && both && !mixed
    ? [`${name}: each ${what} has one side only, so the ${what} alone tells the label; these figures cannot tell disease from ${what}.`]
    : [];
}
