import type { Estimate } from '../metrics/estimate.js';
import { patientShare } from '../metrics/patient-share.js';
import { pluralise } from '../pluralise.js';
import { aurocEstimate } from '../report/class-figures.js';
import type { ScoredImage, ScoredSet } from '../report/scored-set.js';
import { bootstrapOptionsOf, threeDecimals } from './criteria.js';
import type { Criterion } from './gate-decision.js';
import { groupNames, groupOf, groupText, type Grouping } from './group-names.js';
import { aurocDifference, minPatientsOfASide, pairedViews, specificityDifference } from './paired.js';
import type { PromotionRules } from './promotion-rules.js';

/**
 * The figures of a finding within each group of images, where neither the view nor the source tells the label. The worst group is shown
 * and bounded; each bound applies to the unfavourable end of the interval. A group that passes only because it is not worse than with
 * the champion is passed too: a champion that misses a bound must not keep a better challenger out.
 */
export interface GroupQuestion {
  readonly name: string;
  readonly challenger: ScoredSet;
  /** Reports the finding; null for a first model, which must answer every question. */
  readonly champion: ScoredSet | null;
  readonly rules: PromotionRules;
}

const groupings: readonly Grouping[] = ['view', 'source', 'devices'];
/** The finding of patients who have anything at all: nobody has another finding and not this one. */
const anything = 'abnormal';

/** All of them for one finding. */
export function groupCriteria(question: GroupQuestion): readonly Criterion[] {
  return [
    ...groupings.flatMap((grouping) => [aurocInGroups(question, grouping), falsePositivesInGroups(question, grouping)]),
    falsePositivesOfOthers(question),
  ];
}

/** One group with its figure. */
interface Answer {
  readonly group: string;
  readonly estimate: Estimate;
  /** Within the bound. */
  readonly within: boolean;
  /** Not within the bound, but not worse than with the champion. */
  readonly notWorse: boolean;
}

interface GroupAnswers {
  readonly criterion: string;
  readonly name: string;
  /** `AUROC`, `The share of false positives`. */
  readonly what: string;
  readonly comparison: Criterion['comparison'];
  readonly bound: number;
  readonly answers: readonly Answer[];
  /** Plural: `views`, `sources`, `groups by devices`. */
  readonly groups: string;
  /** Number of groups that are too small to be asked, and the number of patients that is needed. */
  readonly small: number;
  readonly needed: string;
  /** Without any answer: whether that counts as failed. */
  readonly required: boolean;
}

/** AUROC within each group that has enough patients with and without the finding. */
function aurocInGroups({ name, challenger, champion, rules }: GroupQuestion, grouping: Grouping): Criterion {
  const { minPatients, auroc: bound } = rules.groups;
  const all = groupNames(challenger.images, grouping);
  const views = all.map((group) => ({ group, views: viewsOf(challenger, champion, name, grouping, group) }));
  const large = views.filter(({ views: { second } }) => minPatientsOfASide(second) >= minPatients);
  const options = bootstrapOptionsOf(rules);
  const answers = large.map(({ group, views: pair }): Answer => {
    const estimate = aurocEstimate(pair.second, options);
    const within = estimate.interval !== null && estimate.interval[0] >= bound;
    // compared only where the bound is missed: resampling pairs takes long
    const difference = within || !champion ? null : aurocDifference(pair, options);
    return {
      group: groupText(grouping, group),
      estimate,
      within,
      notWorse: difference?.interval != null && difference.interval[0] >= -rules.notWorse.inGroup,
    };
  });
  return worst({
    criterion: `auroc-in-${grouping}`,
    name,
    what: `AUROC for ${name}`,
    comparison: 'at-least',
    bound,
    answers,
    groups: pluralOf(grouping),
    small: all.length - large.length,
    needed: `${minPatients} patients with and ${minPatients} without it`,
    required: champion === null && isRequired(grouping, all),
  });
}

/** False positives at the served threshold within each group that has enough patients without the finding. */
function falsePositivesInGroups(question: GroupQuestion, grouping: Grouping): Criterion {
  const all = groupNames(question.challenger.images, grouping);
  return falsePositives(question, {
    criterion: `false-positives-in-${grouping}`,
    grouping,
    groups: all,
    includes: () => true,
    what: `The share of false positives for ${question.name}`,
    required: question.champion === null && isRequired(grouping, all),
  });
}

/**
 * False positives among patients who have something else, within each source: a network that calls every ill patient, or every patient of
 * an intensive-care unit, positive is told by them. Where a source holds none of the finding, all its ill patients are asked.
 */
function falsePositivesOfOthers(question: GroupQuestion): Criterion {
  const { name, challenger, champion } = question;
  const index = challenger.classes.indexOf(name);
  const isOther = (image: ScoredImage): boolean => image.yTrue[index] === 0 && image.abnormal === true;
  return falsePositives(question, {
    criterion: 'false-positives-of-others',
    grouping: 'source',
    groups: groupNames(challenger.images.filter(isOther), 'source'),
    includes: isOther,
    what: `Among patients with other findings and without ${name}, the share of false positives`,
    required: champion === null && name !== anything,
    note: (group) =>
      challenger.images.some((image) => groupOf(image, 'source') === group && image.yTrue[index] === 1) ? '' : ', which holds none of it',
  });
}

interface FalsePositives {
  readonly criterion: string;
  readonly grouping: Grouping;
  readonly groups: readonly string[];
  readonly includes: (image: ScoredImage) => boolean;
  readonly what: string;
  readonly required: boolean;
  /** What a sentence says of a group. */
  readonly note?: (group: string) => string;
}

function falsePositives({ name, challenger, champion, rules }: GroupQuestion, asked: FalsePositives): Criterion {
  const { minPatientsOfShare, falsePositives: bound } = rules.groups;
  const options = bootstrapOptionsOf(rules);
  const large = asked.groups.flatMap((group) => {
    const pair = viewsOf(challenger, champion, name, asked.grouping, group, asked.includes);
    const places = pair.second.yTrue.flatMap((truth, place) => (truth === 0 ? [place] : []));
    const patients = places.map((place) => pair.second.patients[place]!);
    return new Set(patients).size >= minPatientsOfShare ? [{ group, pair, places, patients }] : [];
  });
  const answers = large.map(({ group, pair, places, patients }): Answer => {
    const estimate = patientShare(
      patients,
      places.map((place) => pair.second.called[place]!),
      rules.confidence,
    );
    const within = estimate.interval !== null && estimate.interval[1] <= bound;
    const difference = within || !champion ? null : specificityDifference(pair, options);
    return {
      group: `${groupText(asked.grouping, group)}${asked.note?.(group) ?? ''}`,
      estimate,
      within,
      notWorse: difference?.interval != null && difference.interval[0] >= -rules.notWorse.specificityInGroup,
    };
  });
  return worst({
    criterion: asked.criterion,
    name,
    what: asked.what,
    comparison: 'at-most',
    bound,
    answers,
    groups: pluralOf(asked.grouping),
    small: asked.groups.length - large.length,
    needed: `${minPatientsOfShare} patients without it`,
    required: asked.required,
  });
}

/** The share of images that the guards refuse within each source; all of them are of the kind that the network is made for. */
export function refusedInSources(challenger: ScoredSet, champion: ScoredSet | null, rules: PromotionRules): Criterion {
  const { minPatientsOfShare, refused: bound } = rules.groups;
  const all = groupNames(challenger.images, 'source');
  const large = all.flatMap((group) => {
    const places = challenger.images.flatMap((image, place) => (groupOf(image, 'source') === group ? [place] : []));
    const patients = places.map((place) => challenger.images[place]!.patient);
    return new Set(patients).size >= minPatientsOfShare ? [{ group, places, patients }] : [];
  });
  const refusedBy = (set: ScoredSet, places: readonly number[]): readonly boolean[] =>
    places.map((place) => set.images[place]!.refusal !== undefined);
  return worst({
    criterion: 'refused-in-source',
    name: '',
    what: 'The share of images that the guards refuse',
    comparison: 'at-most',
    bound,
    answers: large.map(({ group, places, patients }) => {
      const own = refusedBy(challenger, places);
      const estimate = patientShare(patients, own, rules.confidence);
      // newly refused images that the champion accepted
      const before = champion && refusedBy(champion, places);
      const added =
        before &&
        patientShare(
          patients,
          own.map((one, place) => one && !before[place]!),
          rules.confidence,
        );
      return {
        group: groupText('source', group),
        estimate,
        within: estimate.interval !== null && estimate.interval[1] <= bound,
        notWorse: added?.interval != null && added.interval[1] <= bound,
      };
    }),
    groups: 'sources',
    small: all.length - large.length,
    needed: `${minPatientsOfShare} patients`,
    required: champion === null,
  });
}

function viewsOf(
  challenger: ScoredSet,
  champion: ScoredSet | null,
  name: string,
  grouping: Grouping,
  group: string,
  includes: (image: ScoredImage) => boolean = () => true,
): ReturnType<typeof pairedViews> {
  return pairedViews(
    champion ?? challenger,
    challenger,
    name,
    (image) => groupOf(challenger.images[image]!, grouping) === group && includes(challenger.images[image]!),
  );
}

/** Devices are asked only where images state whether there are any. */
function isRequired(grouping: Grouping, groups: readonly string[]): boolean {
  return grouping !== 'devices' || groups.length > 0;
}

function pluralOf(grouping: Grouping): string {
  return { view: 'views', source: 'sources', devices: 'groups by visible devices' }[grouping];
}

/** The criterion of the worst group: of those that fail if there are any. */
function worst({ criterion, name, what, comparison, bound, answers, groups, small, needed, required }: GroupAnswers): Criterion {
  const end = ({ estimate }: Answer): number =>
    comparison === 'at-least' ? (estimate.interval?.[0] ?? -Infinity) : -(estimate.interval?.[1] ?? Infinity);
  const failing = answers.filter(({ within, notWorse }) => !within && !notWorse);
  const [first] = [...(failing.length > 0 ? failing : answers)].sort((one, other) => end(one) - end(other));
  const smaller = small === 0 ? '' : ` ${pluralise(small, 'group')} with fewer than ${needed} ${small === 1 ? 'is' : 'are'} not asked.`;
  const base = { name: criterion, ...(name === '' ? {} : { class: name }), comparison, bound } as const;
  if (!first)
    return {
      ...base,
      figure: null,
      interval: null,
      passed: false,
      counts: required,
      words:
        small === 0
          ? `${what} is not asked by ${groups}: no image states them, or none has the label.`
          : `${what} cannot be computed by ${groups}: none of them has ${needed}${required ? ', and a criterion that cannot be computed counts as failed' : ''}.`,
    };
  const { estimate, group, within, notWorse } = first;
  const allowed = comparison === 'at-least' ? `at least ${threeDecimals(bound)} is needed` : `${threeDecimals(bound)} is allowed`;
  const limit = estimate.interval ? threeDecimals(estimate.interval[comparison === 'at-least' ? 0 : 1]) : 'not known';
  const figure = estimate.value === null ? `not defined (${estimate.why ?? 'no figure'})` : threeDecimals(estimate.value);
  return {
    ...base,
    group,
    figure: estimate.value,
    interval: estimate.interval,
    passed: failing.length === 0,
    counts: true,
    words: `${what} is ${figure} in ${group}${answers.length > 1 ? `, the worst of ${answers.length} ${groups}` : ''}; it may be ${
      comparison === 'at-least' ? 'as low as' : 'as high as'
    } ${limit}, ${allowed}.${!within && notWorse ? ' It is not worse than with the champion.' : ''}${smaller}`,
  };
}
