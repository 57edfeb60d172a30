import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { Fault } from '../../src/errors.js';
import { pluralise } from '../../src/evaluation/pluralise.js';
import { firstAuroc } from '../../src/evaluation/promotion/criteria.js';
import { decidePromotion } from '../../src/evaluation/promotion/decide.js';
import type { EvaluatedVersion, GateEvidence } from '../../src/evaluation/promotion/evidence.js';
import type { Criterion } from '../../src/evaluation/promotion/gate-decision.js';
import { defaultPromotionRules, promotionRulesSchema } from '../../src/evaluation/promotion/promotion-rules.js';
import { evaluateSet } from '../../src/evaluation/report/evaluate-set.js';
import type { ScoredImage, ScoredSet } from '../../src/evaluation/report/scored-set.js';
import { labelOrigins } from '../../src/lib/label-origin.js';
import { alarmsIn } from '../../src/monitoring/check-drift.js';
import { missingForLock } from '../../src/retraining/retraining-plan.js';
import { en, type TextKey } from '../../src/web/texts/en.js';
import { actorText, imageGroupText, knownSentence } from '../../src/web/texts/known-sentence.js';
import type { Translate } from '../../src/web/texts/languages.js';
import { look, referenceOf, studiesOf } from '../support/seen-studies.js';
import { evaluated, imagesOf, maskedSets, train } from '../support/synthetic-hospital.js';

type Texts = Readonly<Record<TextKey, string>>;
const textsOf = (file: string): Texts => JSON.parse(readFileSync(join(projectRoot, 'src/web/texts', file), 'utf8')) as Texts;
const drawn = new Set<TextKey>();
const translateBy =
  (texts: Texts): Translate =>
  (key, values = {}) => {
    drawn.add(key);
    return texts[key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
  };
const [inEnglish, inGerman, inFrench] = [en, textsOf('de.json'), textsOf('fr.json')].map(translateBy) as [Translate, Translate, Translate];
/** Words of English that neither German nor French has: a part that stayed English. */
const english = /\b(the|of|is|are|with|without|and|cannot|not|than|needed|none|which|from|view|found)\b/i;
const figuresIn = (text: string): readonly string[] => (text.match(/-?\d+[.,]\d+/g) ?? []).map((one) => one.replace(',', '.')).sort();

/** Every sentence is known, is whole in both languages, states the same figures, and in English is what the service wrote. */
function assertTranslated(sentences: Iterable<string>): void {
  for (const sentence of new Set(sentences)) {
    assert.equal(knownSentence(sentence, inEnglish, 'en'), sentence);
    for (const [language, t] of [
      ['de', inGerman],
      ['fr', inFrench],
    ] as const) {
      const text = knownSentence(sentence, t, language);
      assert.ok(text !== undefined, `${language}: no text for "${sentence}"`);
      assert.doesNotMatch(text, english, `"${sentence}"`);
      assert.deepEqual(figuresIn(text), figuresIn(sentence), text);
    }
  }
}

const images = imagesOf({ patients: 160, seed: 1 });
const score = train(imagesOf({ patients: 200, seed: 2 }));
const own = evaluated('bbbbbbbbbbbb', images, score);
const withImages = (version: EvaluatedVersion, change: (image: ScoredImage, index: number) => ScoredImage): EvaluatedVersion => ({
  ...version,
  set: { ...version.set, images: version.set.images.map(change) },
});
const withSet = (version: EvaluatedVersion, change: Partial<ScoredSet>): EvaluatedVersion => ({
  ...version,
  set: { ...version.set, ...change },
});
const usual: GateEvidence = {
  testSet: 'locked',
  kind: 'xray',
  champion: { ...own, version: 'aaaaaaaaaaaa' },
  challenger: own,
  masked: maskedSets(images, score),
};
const worse = evaluated('cccccccccccc', images, (image) => 1 - score(image));
const nearly = evaluated('cccccccccccc', images, (image) => 0.5 + (score(image) - 0.5) * (/[05]-\d$/.test(image.id) ? -0.4 : 1));
const unlabelled = withImages(own, (image) => ({ ...image, yTrue: [null] }));
const oneClass = withImages(own, (image) => ({ ...image, yTrue: [0] }));
const fewOfOne = withImages(own, (image, index) => ({ ...image, yTrue: [index < 3 ? 1 : 0] }));
const oneOfOne = withImages(own, (image, index) => ({ ...image, yTrue: [index < 1 ? 1 : 0] }));
const devices = withImages(own, (image, index) => ({ ...image, devices: index % 2 === 0 }));
const clinics = withImages(own, (image, index) => ({ ...image, source: index < 8 ? 'small clinic' : index < 16 ? '' : image.source }));
const oneClinic = withImages(own, (image, index) => ({ ...image, source: index < 8 ? 'small clinic' : image.source }));
const alone = withImages(own, (image) => ({ ...image, source: 'north', view: 'PA' }));
const apart = withImages(own, (image) => ({
  ...image,
  source: image.yTrue[0] === 1 ? 'north' : 'south',
  view: image.yTrue[0] === 1 ? 'AP' : 'PA',
}));
const refused = withImages(own, (image, index) => (index % 3 === 0 ? { ...image, refusal: 'feature-distance' } : image));
const labelled = withImages(own, (image, index) => ({ ...image, origins: [[...labelOrigins, null][index % (labelOrigins.length + 1)]!] }));
const singly = withImages(own, (image, index) => ({
  ...image,
  origins: [index <= labelOrigins.length ? [...labelOrigins, null][index]! : 'report'],
}));
const otherFindings = withSet(own, { classes: ['pleural-effusion'] });
const source = images.map((image) => image.source);

const evidences: readonly Partial<GateEvidence>[] = [
  {},
  { challenger: worse },
  { champion: worse },
  { challenger: nearly },
  { best: [{ ...worse, version: 'dddddddddddd' }], bestMissing: [{ version: 'eeeeeeeeeeee', why: missing('model-unknown') }] },
  { challenger: worse, best: [{ ...own, version: 'dddddddddddd' }], bestMissing: [{ version: 'e', why: missing('model-invalid') }] },
  { champion: null, masked: null },
  { champion: null, challenger: worse },
  { champion: null, challenger: unlabelled, masked: null, kind: 'ct' },
  { champion: null, challenger: oneClass, masked: { lungsCovered: oneClass.set, onlyLungs: oneClass.set, bordersCovered: oneClass.set } },
  { champion: null, challenger: fewOfOne, masked: { lungsCovered: fewOfOne.set, onlyLungs: fewOfOne.set, bordersCovered: fewOfOne.set } },
  { champion: null, challenger: oneOfOne, masked: null },
  { champion: fewOfOne, challenger: fewOfOne, masked: null },
  { champion: oneClass, challenger: oneClass, masked: null },
  { champion: devices, challenger: devices, masked: null },
  { champion: null, challenger: devices },
  { champion: clinics, challenger: clinics },
  { champion: oneClinic, challenger: oneClinic },
  { champion: alone, challenger: alone },
  { champion: apart, challenger: apart, masked: null },
  { champion: null, challenger: refused },
  { champion: refused, challenger: refused },
  { challenger: labelled, champion: null },
  { challenger: singly, champion: null },
  { challenger: unlabelled, masked: null },
  { challenger: otherFindings, masked: null },
  { challenger: { ...own, embeddings: undefined } },
  { champion: { ...own, embeddings: undefined } },
  { training: { source, labels: { pneumonia: images.map(({ truth }) => truth) } } },
  { training: { source, labels: { pneumonia: source.map((one) => (one === 'north' ? 1 : 0)) } } },
  { training: { source, labels: {} } },
];

const allRules: readonly object[] = [
  {},
  { minPatients: 5, groups: { minPatients: 5, minPatientsOfShare: 10 } },
  { minPatients: 5, groups: { falsePositives: 0, refused: 0, auroc: 1 }, notWorse: { auroc: 0.001, inGroup: 0.001 } },
];

function missing(code: 'model-unknown' | 'model-invalid'): string {
  return new Fault(code, 'x').message;
}

test('every criterion of the promotion gate, and the reason of its decision, is German and French', () => {
  const criteria: Criterion[] = [];
  const reasons: string[] = [];
  for (const change of evidences)
    for (const rules of allRules) {
      const decision = decidePromotion({ ...usual, ...change }, promotionRulesSchema.parse({ resamples: 100, ...rules }));
      criteria.push(...decision.criteria);
      reasons.push(decision.why);
    }
  // With the rules that are allowed the criterion before it fails first.
  criteria.push(firstAuroc('pneumonia', fewOfOne.set, { ...defaultPromotionRules, minPatients: 0 }));
  assertTranslated([...criteria.map(({ words }) => words), ...reasons]);
  for (const { group } of criteria)
    if (group !== undefined) {
      assert.equal(imageGroupText(group, inEnglish, 'en'), group);
      for (const t of [inGerman, inFrench]) assert.doesNotMatch(imageGroupText(group, t, 'de'), /\b(view|images with|which)\b/);
    }
  // A criterion's name is stated where several are failed.
  for (const { name, counts } of criteria) if (counts) assert.ok(Object.hasOwn(en, `criterionName.${name}`), name);
  const all = Object.keys(en).filter((key) => key.startsWith('sentence.gate.')) as TextKey[];
  assert.deepEqual(
    all.filter((key) => !drawn.has(key)),
    [],
    'a text that no criterion has',
  );
});

test('every drift alarm is German and French', async () => {
  const now = new Date('2026-02-01T06:30:00Z');
  const days = (index: number): number => (index % 7) + 0.5;
  const reference = referenceOf(studiesOf({ site: 'south' }, 150, 1, () => 100, now));
  const rows = [
    ...studiesOf({ site: 'south' }, 200, 4, (index) => 10 + (index % 60), now),
    ...studiesOf({ site: 'south', darker: true, manufacturers: ['GAMMA'] }, 80, 3, days, now),
  ];
  const report = await look(rows, now, reference, {
    agreedLabelsOf: async (studies) =>
      studies.map((studyInstanceUID, index) => {
        const { decisions, predictedAt } = rows.find((one) => one.studyInstanceUID === studyInstanceUID)!;
        const isPresent = decisions['pneumonia'] === 'present';
        const isWrong = predictedAt > new Date(now.getTime() - 7 * 86_400_000) && index % 2 === 0;
        return { studyInstanceUID, finding: 'pneumonia', decision: isPresent !== isWrong ? ('present' as const) : ('absent' as const) };
      }),
  });
  const details = alarmsIn(report).map(({ detail }) => detail);
  for (const start of [/^mean /, /^stability /, /^readers /])
    assert.ok(
      details.some((one) => start.test(one)),
      String(start),
    );
  assertTranslated(details);
  assert.equal(
    knownSentence('mean 1.23e+3, before 0.456; stability index 0.31, by chance 0.02; 80 studies, before 150', inGerman, 'de'),
    'Mittelwert 1,23e+3, davor 0,456; Stabilitätsindex 0,31, Zufallswert 0,02; 80 Studien, davor 150',
  );
});

test('every warning of an evaluation is German and French', () => {
  const sets: readonly ScoredSet[] = [
    unlabelled.set,
    oneClass.set,
    withImages(own, (image) => ({ ...image, yTrue: [1] })).set,
    fewOfOne.set,
    oneOfOne.set,
    apart.set,
    withImages(own, (image) => ({ ...image, patient: '' })).set,
    worse.set,
  ];
  const warnings = sets.flatMap((set) => evaluateSet(set, { resamples: 50 }).warnings);
  assertTranslated(warnings);
  const all = Object.keys(en).filter((key) => key.startsWith('sentence.warning.')) as TextKey[];
  assert.deepEqual(
    all.filter((key) => !drawn.has(key)),
    [],
    'a text that no warning has',
  );
});

test('the reasons of the history and of runs that did not train are German and French', () => {
  const values: Readonly<Record<string, string>> = {
    'champion.version': 'aaaaaaaaaaaa',
    "pluralise(newLabels, 'new label')": pluralise(1, 'new label'),
    "pluralise(labels.length, 'label')": pluralise(12, 'label'),
    minNewLabels: '50',
    missing: missingForLock([], ['pneumonia', 'mass'], 0.2, 20)!,
    'stage + 1': '1',
    'epoch + 1': '2',
    batch: '7',
    'error.detail': 'expected the champion aaaaaaaaaaaa, found none: the comparison is out of date',
    passed: 'gate-2026-01-15T03-00-00-000Z',
    from: 'hf/model.onnx',
    before: 'aaaaaaaaaaaa',
    why: 'its feature guard was fitted',
  };
  // The sentences where they are written, each with values at its places.
  const sentences = [
    ['src/retraining/plan-retraining.ts', /notTrained\(\s*(['`])(.+?)\1,?\s*\)/gs],
    ['src/retraining/end-run.ts', /(?:const why = |'not-trained', )(['`])(.+?)\1/g],
    ['src/retraining/decide-on-challenger.ts', /why: (`)(.+?)`/g],
    ['src/registry/promote-version.ts', /(?:\?\? |: )(`)((?:gate|without) .+?)`/g],
    ['src/serving/starting-model.ts', /(?:aliases \?|(?<=one') :) (')([a-z ]+)'/g],
    ['src/server/page/model-actions.ts', /why \?\? (')(.+?)'/g],
    ['src/commands/models-change.ts', /reason \?\? (')(.+?)'/g],
    ['src/commands/models-adopt.ts', /why: (`)(.+?)`/g],
    ['src/commands/replace-challenger.ts', /why: (`)(.+?)`/g],
  ].flatMap(([file, pattern]) => {
    const found = [...readFileSync(join(projectRoot, file as string), 'utf8').matchAll(pattern as RegExp)].map((match) => match[2]!);
    assert.ok(found.length > 0, String(file));
    return found.map((text) =>
      text.replace(/\$\{([^}]+)\}/g, (_, place: string) => {
        assert.ok(place in values, `${String(file)}: no example for ${place}`);
        return values[place]!;
      }),
    );
  });
  assert.ok(sentences.length >= 15, sentences.join('\n'));
  assertTranslated([
    ...sentences,
    'takes the place of aaaaaaaaaaaa: it was calibrated on local labels',
    'It passed the gate, but expected the champion aaaaaaaaaaaa, found bbbbbbbbbbbb: the comparison is out of date.',
    'It passed the gate, but expected revision 7 to be free, found it taken.',
    `${pluralise(2, 'new label')} since the last run, 50 are needed; readers agree on 1 label in total.`,
  ]);
  // What a person wrote stays.
  assert.equal(knownSentence('Requested by the head of department.', inGerman, 'de'), undefined);
  assert.equal(knownSentence('source north', inGerman, 'de'), undefined);
  assert.equal(
    knownSentence('without the gate: no other model; see ticket', inGerman, 'de'),
    'ohne Freigabeprüfung: no other model; see ticket',
  );
  assert.deepEqual(
    ['schedule', 'command line', 'service', 'meier'].map((actor) => actorText(actor, inGerman)),
    ['Zeitplan', 'Befehlszeile', 'Dienst', 'meier'],
  );
});
