import { pageAddresses, type PageAddresses } from './page-addresses.js';
import type { ReportWords, ReportTextKey } from './report-texts.js';
import {
  maxDisagreements,
  type TrialFindingFigures,
  type TrialGroupFigures,
  type TrialGrouping,
  type Measure,
  type Proportion,
  type SignOff,
  type TrialReport,
} from './trial-figures.js';

/* The report as headings, paragraphs and tables, from which HTML and PDF are written. */

export type Cell = string | { readonly links: readonly { readonly text: string; readonly href: string | undefined }[] };

export type Block =
  | { readonly kind: 'title' | 'heading' | 'paragraph' | 'notice'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | {
      readonly kind: 'table';
      /** Absent: the first column names the rows. */
      readonly head?: readonly string[];
      readonly rows: readonly (readonly Cell[])[];
      /** Relative widths of the columns. */
      readonly widths: readonly number[];
    };

/** @param publicUrl of the service, for links to studies; undefined: links are relative to the service */
export function reportBlocks(report: TrialReport, words: ReportWords, publicUrl?: string): readonly Block[] {
  const { figures, signOffs } = report;
  const { t } = words;
  const addresses = pageAddresses(publicUrl);
  const isPreliminary = figures.state === 'running' || figures.state === 'paused';
  return [
    { kind: 'title', text: t('title') },
    { kind: 'notice', text: t('notice') },
    ...(isPreliminary ? [{ kind: 'notice' as const, text: t('preliminary', { unfinished: figures.studies.unfinished }) }] : []),
    facts(report, words),
    { kind: 'heading', text: t('signOffs') },
    signOffBlock(signOffs, words),
    { kind: 'heading', text: t('studies') },
    studyCounts(report, words),
    { kind: 'heading', text: t('positives') },
    {
      kind: 'table',
      head: [t('finding'), t('studiesColumn'), t('positiveRate'), t('undetermined'), t('prevalence')],
      widths: [3, 1, 3, 1, 3],
      rows: figures.findings.map((one) => [
        one.finding,
        words.whole(one.predicted),
        share(one.positive, words),
        words.whole(one.undetermined),
        share(one.prevalence, words),
      ]),
    },
    { kind: 'heading', text: t('agreement') },
    {
      kind: 'table',
      head: [t('finding'), t('compared'), t('sensitivity'), t('specificity'), t('auroc'), t('kappa'), t('left')],
      widths: [2.2, 1.6, 2.6, 2.6, 2, 2, 2.4],
      rows: figures.findings.map((one) => [
        one.finding,
        `${one.sensitivity.of}/${one.specificity.of}`,
        share(one.sensitivity, words),
        share(one.specificity, words),
        number(one.auroc, words),
        number(one.kappa, words),
        t('leftOf', { abstained: one.abstained, known: one.knownToModel, none: one.withoutAgreement }),
      ]),
    },
    { kind: 'heading', text: t('read') },
    {
      kind: 'list',
      items: words.notes.map((note) =>
        note.replaceAll('{minGroup}', String(figures.minGroupSize)).replaceAll('{minLabelled}', String(figures.minLabelled)),
      ),
    },
    ...figures.groups.flatMap(({ by, groups }) => [
      { kind: 'heading' as const, text: t(`by.${by}`) },
      groupTable(by, groups, report, words),
    ]),
    ...comparison(report, words),
    { kind: 'heading', text: t('disagreements') },
    ...disagreements(report, words, addresses),
  ];
}

function facts({ figures, sha256 }: TrialReport, { t }: ReportWords): Block {
  const { modelVersion, otherVersions, since, until, rule, backfill, startedAt, state } = figures;
  return {
    kind: 'table',
    widths: [1, 3],
    rows: [
      [t('model'), modelVersion],
      [t('range'), t('rangeOf', { since, until })],
      [t('rule'), rule ?? t('allRules')],
      [t('analysis'), t('analysisOf', { number: backfill, started: startedAt.slice(0, 10), state: t(`state.${state}`) })],
      ...(otherVersions.length > 0 ? [[t('otherVersions'), otherVersions.join(', ')]] : []),
      [t('sha256'), sha256],
    ],
  };
}

function signOffBlock(signOffs: readonly SignOff[], { t }: ReportWords): Block {
  if (signOffs.length === 0) return { kind: 'paragraph', text: t('noSignOff') };
  return {
    kind: 'table',
    head: [t('time'), t('person'), t('account'), t('statement'), t('comment'), t('figures')],
    widths: [2, 2.5, 1.5, 1.5, 4, 2.5],
    rows: signOffs.map((one) => [
      `${one.signedAt.slice(0, 16).replace('T', ' ')} UTC`,
      `${one.name}, ${one.role}`,
      one.signedBy,
      t(one.isAccepted ? 'accepted' : 'notAccepted'),
      one.comment,
      one.isForTheseFigures ? t('theseFigures') : t('otherFigures', { sha256: one.figuresSha256.slice(0, 12) }),
    ]),
  };
}

function studyCounts({ figures: { studies } }: TrialReport, words: ReportWords): Block {
  const { t, whole } = words;
  const rows: readonly (readonly [ReportTextKey, number])[] = [
    ['found', studies.found],
    ['predicted', studies.predicted],
    ['patients', studies.patients],
    ['abstained', studies.abstained],
    ['excludedSkipped', studies.skipped],
    ['excludedFailed', studies.failed],
    ['excludedVanished', studies.vanished],
    ['excludedUnfinished', studies.unfinished],
    ['labelled', studies.labelled],
  ];
  const origins = Object.entries(studies.origins).map(
    ([origin, count]) => `${t(`origin.${origin}` as ReportTextKey) ?? origin}: ${whole(count)}`,
  );
  return {
    kind: 'table',
    widths: [3, 2],
    rows: [
      ...rows.map(([key, count]) => [t(key), whole(count)]),
      [t('origins'), origins.join('; ') || t('none')],
      [t('knownToModel'), studies.isTrainingKnown ? whole(studies.knownToModel) : t('trainingUnknown')],
    ],
  };
}

function groupTable(by: TrialGrouping, groups: readonly TrialGroupFigures[], { figures }: TrialReport, words: ReportWords): Block {
  const { t, whole } = words;
  return {
    kind: 'table',
    head: [
      t('group'),
      t('studiesColumn'),
      t('finding'),
      t('positiveRate'),
      t('prevalence'),
      t('sensitivity'),
      t('specificity'),
      t('auroc'),
    ],
    widths: [2.2, 1, 1.8, 2.5, 2.5, 2.5, 2.5, 2.1],
    rows: groups.flatMap(({ name, studies, findings }): readonly (readonly Cell[])[] => {
      const first = [groupName(by, name, words), whole(studies)];
      if (findings.length === 0) return [[...first, t('smallGroup', { minGroup: figures.minGroupSize }), '', '', '', '', '']];
      return findings.map((one, place) => [...(place === 0 ? first : ['', '']), one.finding, ...ofGroup(one, words)]);
    }),
  };
}

function ofGroup({ positive, prevalence, sensitivity, specificity, auroc }: TrialFindingFigures, words: ReportWords): readonly string[] {
  return [...[positive, prevalence, sensitivity, specificity].map((one) => share(one, words)), number(auroc, words)];
}

function groupName(by: TrialGrouping, name: string | null, { t }: ReportWords): string {
  if (name === null) return t('notStated');
  if (by === 'sex') return t(`sex.${name}` as ReportTextKey);
  if (by !== 'age') return name;
  const [, from, to] = /^(\d+) to (\d+)$/.exec(name) ?? [];
  const age = from === undefined ? t('ageFrom', { from: name.replace('from ', '') }) : t('ageRange', { from, to: to! });
  return t('years', { age });
}

function comparison({ figures }: TrialReport, words: ReportWords): readonly Block[] {
  const { t, whole } = words;
  if (figures.comparison.length === 0) return [];
  return [
    { kind: 'heading', text: t('comparison') },
    { kind: 'paragraph', text: t('comparisonNote') },
    {
      kind: 'table',
      head: [t('finding'), t('same'), t('opposite'), t('presentReported'), t('presentPredicted'), t('kappa')],
      widths: [2, 3, 1.5, 1.5, 1.5, 2],
      rows: figures.comparison.map((one) => [
        one.finding,
        share(one.same, words),
        whole(one.opposite),
        whole(one.positiveReported),
        whole(one.positivePredicted),
        number(one.kappa, words),
      ]),
    },
  ];
}

function disagreements({ figures }: TrialReport, words: ReportWords, addresses: PageAddresses): readonly Block[] {
  const { t } = words;
  const note = { kind: 'paragraph' as const, text: t('disagreementsNote', { max: maxDisagreements }) };
  if (figures.disagreements.length === 0) return [note, { kind: 'paragraph', text: t('noDisagreements') }];
  return [
    note,
    {
      kind: 'table',
      head: [t('study'), '', t('finding'), t('probability'), t('decision'), t('label'), t('origin')],
      widths: [4, 1.5, 1.7, 1.8, 1.4, 1.4, 2.2],
      rows: figures.disagreements.map(({ studyInstanceUID, finding, probability, decision, label, origin }): readonly Cell[] => [
        studyInstanceUID,
        {
          links: [
            { text: t('open'), href: addresses.study(studyInstanceUID) },
            { text: t('images'), href: addresses.viewer(studyInstanceUID) },
          ],
        },
        finding,
        words.percent(probability),
        t(`decision.${decision}`),
        t(`decision.${label}`),
        t(`origin.${origin}` as ReportTextKey),
      ]),
    },
  ];
}

/** "12 of 40: 30.0 % (18.1–45.4)". */
export function share({ count, of, value, interval, why }: Proportion, words: ReportWords): string {
  const counts = words.t('of', { count: words.whole(count), of: words.whole(of) });
  if (value === null) return of === 0 ? words.t('none') : `${counts} (${words.t(`why.${why ?? 'few'}`)})`;
  const range = interval === null ? '' : ` (${interval.map((one) => words.percent(one).replace(' %', '')).join('–')})`;
  return `${counts}: ${words.percent(value)}${range}`;
}

function number({ of, value, interval, why }: Measure, words: ReportWords): string {
  if (value === null) return of === 0 ? words.t('none') : words.t(`why.${why ?? 'few'}`);
  return `${words.decimals(value)} (${interval === null ? words.t(`why.${why ?? 'no-variance'}`) : interval.map(words.decimals).join('–')})`;
}
