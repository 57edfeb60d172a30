import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { composeFigures } from '../../src/archive/trial-report/compose-figures.js';
import { findingFigures, type FindingCase } from '../../src/archive/trial-report/finding-figures.js';
import { minGroupSize, trialFiguresSchema, type TrialFindingFigures } from '../../src/archive/trial-report/trial-figures.js';
import { figuresText, sha256Of } from '../../src/archive/trial-report/trial-report.js';
import { consensusLabels, type LabelStatement } from '../../src/assessments/adjudicated-labels.js';
import { projectRoot } from '../../src/config.js';
import { clusteredAuroc } from '../../src/evaluation/metrics/clustered-auroc.js';
import { delongEstimate } from '../../src/evaluation/metrics/delong.js';
import { cohenKappa } from '../../src/evaluation/metrics/kappa.js';
import { shuffled, textSeeded } from '../../src/lib/seeded-random.js';
import type { TrialStudyRow } from '../../src/store/trials.js';
import { trialBackfill, trialExample } from '../support/trial-example.js';

/** What scikit-learn and statsmodels say: tests/oracles/evaluation/trial.py. */
interface GoldenRow {
  readonly study: string;
  readonly patient: string;
  readonly label: 'present' | 'absent' | 'none' | null;
  readonly probability: number | null;
  readonly decision: 'present' | 'absent' | 'undetermined';
  readonly known: boolean;
  readonly sex: string;
}
interface Golden {
  readonly rows: readonly GoldenRow[];
  readonly all: Readonly<Record<string, unknown>>;
  readonly bySex: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly sizes: Readonly<Record<string, number>>;
}
const golden = JSON.parse(readFileSync(join(projectRoot, 'tests/fixtures/evaluation/trial.json'), 'utf8')) as Readonly<
  Record<'single' | 'repeated', Golden>
>;

const studyOf = ({ study, patient, probability, decision, known, sex }: GoldenRow): TrialStudyRow => ({
  backfillId: 7,
  studyInstanceUID: study,
  modelVersion: '0123456789ab',
  orthancId: 'o',
  outcome: probability === null ? 'skipped' : 'reported',
  findings: probability === null ? [] : [{ name: 'pneumonia', probability, decision }],
  reportedFindings: [],
  patientKey: patient,
  groups: { sex },
  isKnownToModel: known,
});

/** Two readers who disagree where there is no label. */
const statementsOf = ({ study, label }: GoldenRow): readonly LabelStatement[] => {
  const by = (reader: string, decision: 'present' | 'absent'): LabelStatement => ({
    studyInstanceUID: study,
    finding: 'pneumonia',
    reader,
    decision,
    source: 'sr',
    verified: true,
    adjudicates: false,
    givenAt: new Date(0),
  });
  if (label === null) return [];
  return label === 'none' ? [by('anna', 'present'), by('bert', 'absent')] : [by('anna', label)];
};

const backfillOf = (count: number) => ({ ...trialBackfill, found: count + 15, done: count, unchanged: 0 });

/** Every figure that the other side states, to 9 digits. */
function assertClose(found: unknown, expected: unknown, path: string): void {
  if (typeof expected === 'number')
    assert.ok(Math.abs((found as number) - expected) < 1e-9, `${path}: ${String(found)}, expected ${expected}`);
  else if (typeof expected === 'object' && expected !== null)
    for (const [key, value] of Object.entries(expected)) assertClose((found as Record<string, unknown>)[key], value, `${path}.${key}`);
  else assert.equal(found, expected, path);
}

describe('the figures of a silent trial', () => {
  for (const name of ['single', 'repeated'] as const)
    test(`they are those of scikit-learn and statsmodels: ${name} studies of patients`, () => {
      const { rows, all, bySex, sizes } = golden[name];
      const figures = composeFigures(
        backfillOf(rows.length),
        '0123456789ab',
        [],
        rows.map(studyOf),
        consensusLabels(rows.flatMap(statementsOf)),
      );
      trialFiguresSchema.parse(figures);
      assert.equal(figures.findings.length, 1);
      // The oracle's numerical derivatives of kappa have fewer digits.
      const { kappa, ...exact } = all as { readonly kappa: { readonly interval: readonly number[]; readonly value: number } };
      const own: TrialFindingFigures = figures.findings[0]!;
      assertClose(own, exact, name);
      assert.ok(Math.abs(own.kappa.value! - kappa.value) < 1e-9);
      kappa.interval.forEach((bound, place) => assert.ok(Math.abs(own.kappa.interval![place]! - bound) < 1e-6, `${own.kappa.interval}`));
      const groups = figures.groups.find(({ by }) => by === 'sex')!.groups;
      assert.deepEqual(
        groups.map((group) => [group.name, group.studies]),
        Object.entries(sizes),
      );
      for (const group of groups) {
        const expected = bySex[group.name!]!;
        if (group.studies < minGroupSize) assert.deepEqual(group.findings, []);
        else assertClose(group.findings[0]!.sensitivity, expected['sensitivity'], `${name} ${group.name}`);
      }
      assert.ok(
        groups.some(({ studies }) => studies < minGroupSize),
        'a small group is among them',
      );
    });

  test('the order of studies and labels changes nothing, a label does', () => {
    const { studies, statements } = trialExample(90);
    const random = textSeeded('order');
    const of = (some: readonly TrialStudyRow[], given: readonly LabelStatement[]): string =>
      sha256Of(
        composeFigures(
          backfillOf(90),
          '0123456789ab',
          [],
          [...some].sort((a, b) => (a.studyInstanceUID < b.studyInstanceUID ? -1 : 1)),
          consensusLabels(given),
        ),
      );
    const once = of(studies, statements);
    assert.equal(of(shuffled(studies, random), shuffled(statements, random)), once);
    const [first, ...others] = statements;
    assert.notEqual(of(studies, [{ ...first!, decision: first!.decision === 'present' ? 'absent' : 'present' }, ...others]), once);
    assert.notEqual(of(studies.slice(1), statements), once);
  });

  test('unknown is not negative: studies without a label are in no figure of agreement', () => {
    const { rows } = golden.single;
    const cases = rows.map(
      ({ study, patient, label, probability, decision, known }): FindingCase => ({
        studyInstanceUID: study,
        patient,
        prediction: probability === null ? undefined : { probability, decision },
        label: label ?? undefined,
        isKnownToModel: known,
      }),
    );
    const { positive: _all, predicted: _n, undetermined: _u, ...agreement } = findingFigures('pneumonia', cases, 1);
    const {
      positive: _some,
      predicted: _m,
      undetermined: _v,
      ...ofLabelled
    } = findingFigures(
      'pneumonia',
      cases.filter(({ label }) => label !== undefined),
      1,
    );
    assert.deepEqual(agreement, ofLabelled);
    // Nor does what the version has learned count.
    const seen = findingFigures(
      'pneumonia',
      cases.map((one) => ({ ...one, isKnownToModel: true })),
      1,
    );
    assert.deepEqual([seen.sensitivity.of, seen.specificity.of, seen.prevalence.of], [0, 0, 0]);
    assert.equal(seen.auroc.value, null);
  });

  test('disagreements are labelled studies outside of the training, the highest error first', () => {
    const { studies, statements } = trialExample(240);
    const labels = consensusLabels(statements);
    const { disagreements } = composeFigures(backfillOf(240), '0123456789ab', [], studies, labels);
    assert.equal(disagreements.length, 20);
    const errors = disagreements.map(({ label, probability }) => (label === 'present' ? 1 - probability : probability));
    assert.deepEqual(
      errors,
      [...errors].sort((a, b) => b - a),
    );
    for (const { studyInstanceUID, finding, decision, label } of disagreements) {
      assert.equal(studies.find((one) => one.studyInstanceUID === studyInstanceUID)!.isKnownToModel, false);
      assert.equal(labels.find((one) => one.studyInstanceUID === studyInstanceUID && one.finding === finding)!.decision, label);
      assert.notEqual(decision === 'present', label === 'present');
    }
  });

  test('every study that was found is counted once, and nothing of a patient is in the figures', () => {
    const { studies, statements } = trialExample(60);
    const figures = composeFigures({ ...backfillOf(60), done: 62, found: 80 }, '0123456789ab', [], studies, consensusLabels(statements));
    const { found, predicted, skipped, failed, vanished, unfinished } = figures.studies;
    assert.equal(predicted + skipped + failed + vanished + unfinished, found);
    assert.equal(vanished, trialBackfill.vanished + 2, 'two were deleted since');
    for (const { patientKey } of studies) assert.ok(!figuresText(figures).includes(`"${patientKey}"`));
  });
});

describe('AUROC and kappa with patients', () => {
  const random = textSeeded('clusters');
  const set = (n: number, patients: number) => {
    const yTrue = Array.from({ length: n }, (): 0 | 1 => (random() < 0.4 ? 1 : 0));
    const yScore = yTrue.map((truth) => Math.round(20 * (0.3 * truth + random() * 0.7)) / 20);
    return { yTrue, yScore, patients: yTrue.map((_, place) => `p${patients === 0 ? place : Math.floor(random() * patients)}`) };
  };

  test('with one study of each patient it is DeLong', () => {
    for (let n = 0; n < 20; n++) {
      const { yTrue, yScore, patients } = set(40 + n, 0);
      assertClose(clusteredAuroc(yTrue, yScore, patients), delongEstimate(yTrue, yScore), `set ${n}`);
    }
  });

  test('copies of each study add no certainty', () => {
    const { yTrue, yScore, patients } = set(60, 0);
    const twice = <T>(values: readonly T[]): T[] => [...values, ...values];
    for (const [once, copied] of [
      [clusteredAuroc(yTrue, yScore, patients), clusteredAuroc(twice(yTrue), twice(yScore), twice(patients))],
      [cohenKappa(yTrue, yScore.map(rounded), patients), cohenKappa(twice(yTrue), twice(yScore).map(rounded), twice(patients))],
    ] as const) {
      assertClose(copied.value, once.value, 'value');
      once.interval!.forEach((bound, place) => assert.ok(Math.abs(bound - copied.interval![place]!) < 1e-9));
    }
  });

  test('what is not defined has no value, and complete separation has no interval', () => {
    assert.equal(clusteredAuroc([1, 1], [0.1, 0.9], ['a', 'b']).value, null);
    const separated = clusteredAuroc([1, 1, 0, 0], [0.8, 0.9, 0.1, 0.2], ['a', 'b', 'c', 'd']);
    assert.deepEqual([separated.value, separated.interval], [1, null]);
    assert.equal(clusteredAuroc([1, 1, 0, 0], [0.8, 0.1, 0.3, 0.2], ['a', 'a', 'c', 'd']).interval, null);
    assert.equal(cohenKappa([0, 0, 0], [0, 0, 0], ['a', 'b', 'c']).value, null);
    assert.equal(cohenKappa([], [], []).value, null);
  });
});

function rounded(score: number): 0 | 1 {
  return score >= 0.5 ? 1 : 0;
}
