import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { loadFindings } from '../../src/findings-config.js';
import { findingsReader } from '../../src/report-text/read-findings.js';
import { loadReportRules, parseReportRules } from '../../src/report-text/rules.js';
import { isFault } from '../support/fault.js';
import { comparedMentions } from '../support/report-oracle.js';
import { compareSentences, reportSentences, sentenceSets, shippedReader } from '../support/report-sentences.js';

const read = shippedReader();
const outcomes = (text: string, ...names: readonly string[]) =>
  Object.fromEntries(
    read(text)
      .filter(({ name }) => names.includes(name))
      .map(({ name, outcome }) => [name, outcome]),
  );

describe('the shipped rules', () => {
  test('name only findings of config/findings.json', () => {
    const known = Object.keys(loadFindings(join(projectRoot, 'config/findings.json')).findings);
    assert.ok(Object.keys(loadReportRules(join(projectRoot, 'config/report-findings.yaml'), known).findings).length > 20);
  });

  test('there are enough sentences in both languages, with every outcome', () => {
    const all = sentenceSets.flatMap(reportSentences);
    assert.ok(all.length >= 150);
    assert.equal(new Set(all.map(({ text }) => text)).size, all.length);
    for (const outcome of ['present', 'absent', 'uncertain'] as const)
      assert.ok(all.filter(({ is }) => Object.values(is).includes(outcome)).length >= 30, outcome);
  });

  for (const set of ['sentences-en', 'sentences-de'] as const)
    test(`every sentence of ${set}, by which they were made, is read as it states`, () => {
      assert.deepEqual(compareSentences(reportSentences(set), read).wrong, []);
    });

  test('of the sentences that were written afterwards, at least nine of ten statements are read as they state', () => {
    const sets = (['later-en', 'later-de'] as const).map((set) => compareSentences(reportSentences(set), read));
    const statements = sets.reduce((sum, one) => sum + one.statements, 0);
    const wrong = sets.flatMap((one) => one.wrong);
    assert.ok(statements > 100);
    assert.ok(wrong.length / statements <= 0.1, JSON.stringify(wrong));
  });

  test('English negations are decided at least as well as by ConText (medspacy) and NegEx (negspacy)', () => {
    const mentions = comparedMentions().filter(({ expected }) => expected !== undefined);
    const right = (who: 'ours' | 'medspacy' | 'negspacy') => mentions.filter((one) => one[who] === one.expected).length;
    assert.ok(mentions.length > 120);
    assert.ok(
      right('ours') >= Math.max(right('medspacy'), right('negspacy')),
      `${right('ours')}, ${right('medspacy')}, ${right('negspacy')}`,
    );
    const contradicted = mentions.filter(
      (one) => one.medspacy === one.negspacy && one.medspacy === one.expected && one.ours !== one.expected,
    );
    assert.ok(contradicted.length <= 1, JSON.stringify(contradicted));
  });
});

describe('reading', () => {
  test('what is not mentioned is not absent; a normal statement denies what is not mentioned', () => {
    assert.deepEqual(outcomes('Small effusion.', 'pneumothorax'), { pneumothorax: 'not-mentioned' });
    assert.deepEqual(outcomes('Normal chest radiograph.', 'pneumothorax', 'emphysema'), {
      pneumothorax: 'absent',
      emphysema: 'not-mentioned',
    });
  });

  test('present prevails over uncertain, uncertain over absent; a finding follows from those that it includes', () => {
    assert.deepEqual(outcomes('Possible pneumonia. Impression: Pneumonia on the right.', 'pneumonia', 'opacity'), {
      pneumonia: 'present',
      opacity: 'present',
    });
    assert.deepEqual(outcomes('No nodule. Cannot exclude a nodule in the apex.', 'nodule'), { nodule: 'uncertain' });
  });

  test('a section under an ignored heading is not read, wherever its lines end; parts are read for themselves', () => {
    const text = 'Klinik:\nPneumothorax links\nErguss?\n\nBEFUND\nKein Pneumothorax.';
    assert.deepEqual(outcomes(text, 'pneumothorax', 'pleural-effusion'), { pneumothorax: 'absent', 'pleural-effusion': 'not-mentioned' });
    assert.deepEqual(outcomes('Klinik: Dyspnoe\fErguss links.', 'pleural-effusion'), { 'pleural-effusion': 'present' });
  });

  test('lines that were wrapped are one sentence, short lines are not; \\r\\n makes no difference', () => {
    const wrapped = 'Im Vergleich zur Voraufnahme weiterhin kein Nachweis eines\nPneumothorax oder eines\nErgusses.';
    assert.deepEqual(outcomes(wrapped, 'pneumothorax'), { pneumothorax: 'absent' });
    assert.deepEqual(outcomes('Kein Infiltrat\r\nErguss links', 'infiltration', 'pleural-effusion'), {
      infiltration: 'absent',
      'pleural-effusion': 'present',
    });
  });

  test('umlauts, ß and capital letters make no difference', () => {
    for (const text of ['PLEURAERGUSS LINKS', 'Pleuraerguß links', 'pleuraerguss links', 'Pleuraergüsse', 'Pleuraerguesse'])
      assert.deepEqual(outcomes(text, 'pleural-effusion'), { 'pleural-effusion': 'present' }, text);
  });

  test('the reason of each mention is told, with its words', () => {
    const [finding] = read('Befund: Ein Erguss ist nicht sicher auszuschließen.').filter(({ name }) => name === 'pleural-effusion');
    assert.deepEqual(finding?.mentions, [
      {
        finding: 'pleural-effusion',
        outcome: 'uncertain',
        reason: 'uncertainty',
        words: 'Erguss',
        cue: 'nicht sicher auszuschließen',
        sentence: 'Ein Erguss ist nicht sicher auszuschließen',
        section: 'Befund',
      },
    ]);
  });

  test('a text of thousands of words without a full stop is read in a bounded time', () => {
    const from = performance.now();
    read('kein Erguss und no pneumothorax '.repeat(1_000));
    assert.ok(performance.now() - from < 15_000);
  });
});

describe('rules of a site', () => {
  const rules = (text: string) => parseReportRules(text, 'rules.yaml');
  const minimal = (more = '') =>
    `sections: {}\ncues:\n  negationBefore: { en: [no] }\nfindings:\n  nodule:\n    terms: { en: ["nodul*"] }\n${more}`;

  test('a finding whose silence means absent', () => {
    const own = findingsReader(rules(minimal('    notMentioned: absent\n')));
    assert.deepEqual(
      own('Clear.').map(({ outcome, because }) => [outcome, because]),
      [['absent', 'rule']],
    );
    assert.equal(own('Nodules.')[0]?.outcome, 'present');
  });

  test('mistakes are named with their line', () => {
    for (const [text, expected] of [
      [minimal('    term: { en: [x] }\n'), /rules\.yaml:6.*Unrecognized key.*"term".*did you mean "findings\.nodule\.terms"/],
      [minimal().replace('nodul*', 'no*dule'), /terms\.en\.0: expected \* only at the beginning or end of a word/],
      [minimal().replace('"nodul*"', '"nodule .."'), /expected words on both sides of "\.\."/],
      [minimal().replace('{ en: [no] }', '[no]'), /cues\.negationBefore/],
      [minimal('    includes: [mass]\n'), /expected names of other findings of this file, found "mass"/],
      [minimal('    includes: [lesion]\n  lesion:\n    includes: [nodule]\n'), /expected findings that do not include each other/],
      [minimal().replace('terms: { en: ["nodul*"] }', 'except: { en: [x] }'), /expected terms or includes/],
    ] as const)
      assert.throws(() => rules(text), isFault('config-invalid', { detail: expected }), text);
    assert.throws(
      () => parseReportRules(minimal(), 'rules.yaml', ['mass']),
      isFault('config-invalid', { detail: /expected names of config\/findings\.json, found nodule/ }),
    );
  });
});
