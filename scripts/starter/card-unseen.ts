import type { Figures, UnseenFigures } from './figures-file.js';
import { estimate, number, share, table } from './card-table.js';
import { findingsByAuroc } from './shipped-findings.js';

/** The sections of the card about sources that a network was not trained on. */
export function unseenSections({ xray, unseen, decisions: decided }: Figures, reported: readonly string[]): readonly string[] {
  const atSources = (isShown: (name: string) => boolean): string => findingsAtSources(unseen, isShown);
  const decisions = decided.length > 0 ? decided : findingsByAuroc(xray.test, unseen);
  return [
    '## X-ray: sources that were left out of training',
    `**The most important figures.** A network was trained without some sources and all their near-duplicates, and then evaluated on these sources, with calibration and thresholds from the others. "Ships" marks the weights that ship; the other runs use the same recipe and say what it does elsewhere. Each row is one run with one seed. AUROC is omitted if one class has fewer than five images.`,
    ...(unseen.length === 0
      ? ['No source was left out.']
      : [
          atSources((name) => reported.includes(name)),
          'Findings that are trained and not reported:',
          atSources((name) => !reported.includes(name)),
        ]),
    ...byView(unseen),
    ...neverLeftOut({ xray, unseen }),
    '### Criteria of the findings',
    'Decided by `npm run starter-figures` (`scripts/starter/shipped-findings.ts`, `src/evaluation/choose-operating-point.ts`). A finding that misses one of them is an output that the model ignores, except `abnormal`.',
    table(
      ['finding', 'criterion reached', 'ships', ''],
      decisions.map(({ name, isShipped, isBelowCriterion, why }) => [
        name,
        isShipped && !isBelowCriterion ? 'yes' : '**no**',
        isShipped ? 'yes' : 'no',
        why,
      ]),
    ),
    ...(decisions.some(({ isShipped, isBelowCriterion }) => isShipped && isBelowCriterion)
      ? [
          '**`abnormal` ships below its criterion**, so that a new installation shows something: with a threshold that keeps false positives at every left-out source to a tenth. It is a demonstration.',
        ]
      : []),
    '### With the lungs covered',
    'AUROC of up to 200 images, drawn at random, for patients of the training sources (validation) and of the left-out sources. A network that needs the lungs is near 0.5 without them.',
    coveredTable(unseen),
  ];
}

const runName = ({ recipe, seed, isShipped }: UnseenFigures): string =>
  [isShipped ? '**ships**' : recipe, ...(seed === null ? [] : [`seed ${seed}`])].join(', ');

/** One row for each run, left-out source and finding with a label there; runs without figures by source are one row. */
function findingsAtSources(unseen: readonly UnseenFigures[], isShown: (name: string) => boolean): string {
  const rows = unseen.flatMap((run) =>
    (run.bySource.length > 0 ? run.bySource : [{ name: run.leftOut.join(' + '), refused: run.refused, findings: run.findings }]).flatMap(
      ({ name, refused, findings }) =>
        Object.entries(findings)
          .filter(([finding, { n }]) => n > 0 && isShown(finding))
          .map(([finding, figures]) => [
            name,
            finding,
            `${runName(run)}, ${run.side} px, ${run.steps} steps`,
            `${figures.positives} / ${figures.n - figures.positives}`,
            estimate(figures.auroc),
            estimate(figures.sensitivity),
            estimate(figures.specificity),
            number(figures.ece),
            share(refused),
          ]),
    ),
  );
  return table(['source', 'finding', 'run', 'with / without', 'AUROC', 'sensitivity', 'specificity', 'ECE', 'rejected'], rows);
}

/** Sources with more than one view. */
function byView(unseen: readonly UnseenFigures[]): readonly string[] {
  const rows = unseen.flatMap((run) =>
    run.bySource.flatMap(({ name, byView: views }) =>
      views.length < 2
        ? []
        : views.flatMap((view) =>
            Object.entries(view.findings)
              .filter(([, { n }]) => n > 0)
              .map(([finding, { positives, n, auroc, specificity }]) => [
                `${name}, ${view.name}`,
                finding,
                runName(run),
                `${positives} / ${n - positives}`,
                estimate(auroc),
                estimate(specificity),
              ]),
          ),
    ),
  );
  return rows.length === 0
    ? []
    : [
        'By view, where a source has more than one:',
        table(['source and view', 'finding', 'run', 'with / without', 'AUROC', 'specificity'], rows),
      ];
}

/** A source that was not left out of a training. */
function neverLeftOut({ xray, unseen }: Pick<Figures, 'xray' | 'unseen'>): readonly string[] {
  const missing = xray.test.bySource.map(({ name }) => name).filter((name) => !unseen.some(({ leftOut }) => leftOut.includes(name)));
  return missing.length === 0
    ? []
    : [`**Not left out so far**: ${missing.join(', ')}. How the network performs at such a source without training on it is unknown.`];
}

function coveredTable(unseen: readonly UnseenFigures[]): string {
  const rows = unseen.flatMap((run) =>
    Object.keys(run.covered).map((name) => [
      run.leftOut.join(' + '),
      runName(run),
      name,
      ...[run.validationCovered[name], run.covered[name]].flatMap((one) => [
        number(one?.whole ?? null),
        number(one?.onlyLungs ?? null),
        number(one?.lungsCovered ?? null),
      ]),
    ]),
  );
  return table(
    ['left out', 'run', 'finding', 'validation, whole', 'only lungs', 'lungs covered', 'left out, whole', 'only lungs', 'lungs covered'],
    rows,
  );
}
