import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { diffLines } from '../../src/lib/line-diff.js';
import { checkRules, editedRules, editRules, routingOf, type EditedRule } from '../../src/routing/edit-rules.js';
import { route } from '../../src/routing/match.js';
import { parseRouting } from '../../src/routing/rules.js';
import { draftOf, editedRuleOf, valuesOf } from '../../src/web/views/rules/draft.js';
import { isFault } from '../support/fault.js';

const shipped = readFileSync(join(projectRoot, 'config/routing.yaml'), 'utf8');
const findings = ['pneumonia', 'covid-19'];
const rules = editedRules(parseRouting(shipped, 'routing.yaml'));
const added: EditedRule = {
  name: 'hands',
  enabled: true,
  action: 'ignore',
  priority: 5,
  when: [{ bodyPart: ['HAND'], modality: ['CR', 'DX'] }],
  destinations: [],
  findingsOff: [],
};

test('usability 12: a form that changes nothing changes no byte of the file, and every rule survives the form', () => {
  assert.equal(editRules(shipped, rules, findings), shipped);
  assert.deepEqual(rules.map(draftOf).map(editedRuleOf), rules);
});

test('usability 12: rules are added, changed, ordered, switched off and deleted; comments and notation of the others stay', () => {
  const [test, xray, ct] = rules as [EditedRule, EditedRule, EditedRule];
  const edited = editRules(
    shipped,
    [
      { ...ct, enabled: false },
      { ...xray, name: 'chest-radiograph', priority: 9, destinations: [{ peer: 'archive' }], findingsOff: ['covid-19'] },
      added,
    ],
    findings,
  );
  const parsed = parseRouting(edited, 'routing.yaml');
  assert.deepEqual(
    parsed.rules.map(({ name, enabled, priority }) => [name, enabled, priority]),
    [
      ['chest-ct', false, 4],
      ['chest-radiograph', undefined, 9],
      ['hands', undefined, 5],
    ],
  );
  assert.deepEqual(parsed.rules[1]!.destinations, [{ peer: 'archive' }]);
  assert.deepEqual(parsed.rules[1]!.findingsOff, ['covid-19']);
  assert.ok(edited.startsWith(shipped.slice(0, shipped.indexOf('rules:'))), 'the comment of the file');
  for (const kept of ['#   - modality: READING-STATION', '{ modality: CT, bodyPart: [CHEST, THORAX, LUNG, "/chest|thora|lung/"] }'])
    assert.ok(edited.includes(kept), `${kept} in\n${edited}`);
  assert.ok(!edited.includes(test.name));
  assert.equal(editRules(edited, editedRules(parsed), findings), edited, 'a second look changes nothing');
});

test('usability 12: a draft is checked by the schema of the file, with the rule and its part', () => {
  const wrong = [
    { ...added, name: 'chest-ct' },
    ...rules,
    { ...added, name: '', priority: 11, when: [{ modality: [] }, { nonsense: ['x'] }], findingsOff: ['dragon'] },
  ];
  const problems = checkRules(wrong, findings);
  const at = (part: string): string =>
    problems
      .filter((one) => one.rule === 4 && one.part === part)
      .map(({ text }) => text)
      .join('; ');
  for (const part of ['name', 'priority', 'when']) assert.notEqual(at(part), '', part);
  assert.match(at('when'), /modality: expected at least one value/);
  assert.match(at('findingsOff'), /expected a finding of config\/findings.json, found "dragon"/);
  assert.ok(problems.every(({ text }) => text.length > 0));
  assert.throws(() => editRules(shipped, wrong, findings), isFault('request-invalid', { detail: /rule 5 findingsOff/ }));
  assert.match(checkRules([added, added], findings)[0]!.text, /expected a different name for each rule/);
  assert.ok(checkRules([], findings).length > 0, 'a file without a rule is not valid');
});

test('usability 12: a rule that is switched off takes no study', () => {
  const hand = { seriesInstanceUID: '1.2', values: { bodyPart: ['HAND'], modality: ['CR'] } } as unknown as Parameters<
    typeof route
  >[1][number];
  assert.equal(route(routingOf([added], findings), [hand]).action, 'ignore');
  assert.equal(route(routingOf([{ ...added, enabled: false }], findings), [hand]).action, 'none');
});

test('values of a condition are texts between commas; a comma within a regular expression belongs to it', () => {
  assert.deepEqual(valuesOf('CHEST, /a{1,2}|b/ , missing,'), ['CHEST', '/a{1,2}|b/', 'missing']);
  assert.deepEqual(valuesOf(' '), []);
});

test('usability 12: the difference of two versions is shown by lines, with the lines around', () => {
  const before = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].join('\n');
  const after = ['a', 'b', 'c', 'd', 'E', 'f', 'g', 'h', 'i'].join('\n');
  assert.deepEqual(
    diffLines(before, after, 1).map(({ change, text }) => `${{ same: ' ', added: '+', removed: '-' }[change]}${text}`),
    [' d', '-e', '+E', ' f', ' h', '+i'],
  );
  assert.deepEqual(diffLines(before, before), []);
});
