import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { adoptionCard } from '../../src/adoption/adoption-card.js';
import { projectRoot } from '../../src/config.js';
import { chooseEngine } from '../../src/engine/choose-engine.js';
import { Fault, faultCodes, meaningOf } from '../../src/errors.js';
import { loadFindings } from '../../src/findings-config.js';
import { limitationsIn } from '../../src/registry/card-limitations.js';
import { checkRules, type EditedRule } from '../../src/routing/edit-rules.js';
import { burnedInAnnotation } from '../../src/dicom/deidentification/burned-in.js';
import { en, type TextKey } from '../../src/web/texts/en.js';
import { faultMeaning } from '../../src/web/texts/fault-text.js';
import { findingText, heatMapText, outputText, withFindingTexts } from '../../src/web/texts/finding-name.js';
import { knownList, knownSentence } from '../../src/web/texts/known-sentence.js';
import type { Translate } from '../../src/web/texts/languages.js';
import { fixedText, intervalText, localFigure, probabilityFigure } from '../../src/web/texts/numbers.js';

type Texts = Readonly<Record<TextKey, string>>;
const textsOf = (file: string): Texts => JSON.parse(readFileSync(join(projectRoot, 'src/web/texts', file), 'utf8')) as Texts;
const translateBy =
  (texts: Texts): Translate =>
  (key, values = {}) =>
    texts[key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
const [inEnglish, inGerman, inFrench] = [en, textsOf('de.json'), textsOf('fr.json')].map(translateBy) as [Translate, Translate, Translate];

test('every finding of config/findings.json has a name in German and French, and in English the meaning of its code', () => {
  const { findings } = loadFindings(join(projectRoot, 'config/findings.json'));
  for (const [name, { concept }] of Object.entries(findings)) {
    assert.equal(en[`findingName.${name}` as TextKey], concept.meaning, name);
    assert.equal(findingText(concept.meaning, inEnglish), concept.meaning);
    for (const t of [inGerman, inFrench]) assert.equal(findingText(concept.meaning, t), outputText(name, t));
  }
  assert.equal(Object.keys(en).filter((key) => key.startsWith('findingName.')).length, Object.keys(findings).length);
  assert.equal(findingText('Pleural effusion', inGerman), 'Pleuraerguss');
  assert.equal(findingText('Pleural effusion', inFrench), 'Épanchement pleural');
  // A finding of the site's own has the name that the site gave it.
  assert.equal(findingText('Dragon sign', inGerman), 'Dragon sign');
  assert.equal(outputText('dragon-sign', inGerman), 'dragon-sign');
});

test('titles of heat maps and reasons of the order have findings and figures of the language', () => {
  assert.equal(heatMapText('Nodule or mass of lung 91.3 %', inGerman, 'de'), 'Rundherd oder Raumforderung der Lunge 91,3 %');
  assert.equal(heatMapText('Dragon sign 91.3 %', inGerman, 'de'), 'Dragon sign 91.3 %');
  assert.equal(withFindingTexts('Mass 71.5 %, wartet 4 min', inGerman, 'de'), 'Raumforderung 71,5 %, wartet 4 min');
  assert.equal(
    withFindingTexts('urgence, Pneumothorax 91 % (indéterminé), Mass <0.1 %, attend', inFrench, 'fr'),
    'urgence, Pneumothorax 91 % (indéterminé), Masse <0,1 %, attend',
  );
  assert.equal(withFindingTexts('waiting 4 min', inEnglish, 'en'), 'waiting 4 min');
});

test('figures have the decimal sign of the language and the same digits as everywhere else', () => {
  assert.deepEqual(
    ['en', 'de', 'fr'].map((language) => fixedText(0.9351, 3, language)),
    ['0.935', '0,935', '0,935'],
  );
  assert.equal(fixedText(undefined, 3, 'de'), '–');
  assert.equal(fixedText(null, 3, 'de'), '–');
  assert.equal(intervalText([0.9, 0.95], 3, 'de'), '0,900 – 0,950');
  assert.equal(localFigure('<0.1', 'de'), '<0,1');
  assert.equal(localFigure('50', 'de'), '50');
  const shown = { probability: 0.4996, decision: 'undetermined', absentBelow: 0.3, presentFrom: 0.5 } as const;
  assert.equal(probabilityFigure(shown, 'en'), '49.96');
  assert.equal(probabilityFigure(shown, 'fr'), '49,96');
});

test('the limitations of the shipped model and of an adopted one are complete in German and French', () => {
  const shipped = limitationsIn(readFileSync(join(projectRoot, 'models/starter/CARD.md'), 'utf8'))!;
  const adopted = [{}, { gate: {} }].map((more) =>
    limitationsIn(
      adoptionCard({
        name: 'other',
        created: '2026-01-01',
        license: 'MIT',
        adopted: { from: 'x', format: 'onnx', sha256: 'y' },
        kind: 'xray',
        description: 'network',
        network: { outputs: [], objective: 'several', input: { width: 1, height: 1, channels: 1, normalization: 'per-image' }, ...more },
        messages: [],
      } as unknown as Parameters<typeof adoptionCard>[0]),
    ),
  );
  for (const [language, t] of [
    ['de', inGerman],
    ['fr', inFrench],
  ] as const) {
    for (const limitations of [shipped, ...adopted]) {
      const { text, isWhole } = knownList(limitations!, t, language);
      assert.ok(isWhole, text);
      assert.equal(text.split('\n- ').length, limitations!.split('\n- ').length);
    }
    const figures = (text: string): readonly string[] => (text.match(/\d+[.,]\d+/g) ?? []).map((one) => one.replace(',', '.'));
    assert.deepEqual(figures(knownList(shipped, t, language).text), figures(shipped));
  }
  assert.equal(knownList(shipped, inEnglish, 'en').text, shipped);
  assert.deepEqual(knownList('- Only in this hospital.', inGerman, 'de'), { text: '- Only in this hospital.', isWhole: false });
});

test('usability, looks: the reason of the engine is German', () => {
  const { why } = chooseEngine([
    { name: 'onnx-cpu', milliseconds: 12, logits: [1, 2] },
    { name: 'tensorflow-cpu', milliseconds: 40, logits: [1, 2] },
    { name: 'onnx-webgpu', error: 'this machine shows no GPU' },
    { name: 'tensorflow-wasm', milliseconds: 1, logits: [5, 6] },
  ] as unknown as Parameters<typeof chooseEngine>[0]);
  assert.equal(
    knownSentence(why, inGerman, 'de'),
    'Die schnellste der gestarteten: onnx-cpu braucht 12 ms für einen Teststapel von 8; tensorflow-cpu braucht 40 ms; onnx-webgpu ist nicht gestartet (dieser Rechner zeigt keine GPU); tensorflow-wasm ist gestartet, rechnet aber etwas anderes als onnx-cpu.',
  );
  assert.equal(knownSentence(why, inEnglish, 'en'), why);
  assert.equal(
    knownSentence('In place of onnxruntime-node 1.24.1, CPU, which was lost (it did not answer in 60 s).', inGerman, 'de'),
    'Anstelle von onnxruntime-node 1.24.1, CPU, die ausgefallen ist (it did not answer in 60 s).',
  );
});

test('what the code of a fault means is German and French; the details of the case stay', () => {
  for (const code of faultCodes) {
    assert.equal(en[`fault.${code}` as TextKey], meaningOf(code), code);
    const { message } = new Fault(code, 'expected a, found b', { source: 'c' });
    assert.equal(knownSentence(message, inEnglish, 'en'), message);
    for (const t of [inGerman, inFrench]) {
      assert.match(knownSentence(message, t, 'de') ?? '', /^\p{Lu}[^:]+ ?: expected a, found b \[.*c\]$/u);
      assert.notEqual(t(`fault.${code}` as TextKey), meaningOf(code), code);
    }
  }
  assert.equal(Object.keys(en).filter((key) => key.startsWith('fault.')).length, faultCodes.length);
  assert.equal(faultMeaning('pacs-error', inGerman), 'Das PACS hat mit einem Fehler geantwortet');
  assert.equal(faultMeaning('of another release', inGerman), undefined);
});

test('why an image is exported with a warning is German and French', () => {
  const found = [
    { BurnedInAnnotation: ['yes'] },
    { SOPClassUID: ['1.2.840.10008.5.1.4.1.1.7'], ConversionType: ['WSD'], ImageType: ['DERIVED', 'SCREEN SAVE'], Modality: ['OT'] },
  ].map((attributes) => burnedInAnnotation(attributes as never).reason);
  assert.equal(knownSentence(found[0]!, inGerman, 'de'), 'Burned In Annotation ist YES');
  assert.equal(
    knownSentence(found[1]!, inGerman, 'de'),
    'Burned In Annotation ist nicht angegeben, Hinweise: Secondary Capture, digitalisiert (Conversion Type), Bildschirmfoto, Modalität OT',
  );
  for (const reason of found) assert.ok(knownSentence(reason, inFrench, 'fr'));
});

test('every problem of a routing rule that the form can have is German and French', () => {
  const rule: EditedRule = {
    name: 'one',
    enabled: true,
    action: 'analyse',
    priority: 5,
    when: [{ modality: ['CR'] }],
    destinations: [],
    findingsOff: [],
  };
  const wrong: readonly (readonly EditedRule[])[] = [
    [],
    [rule, rule],
    [{ ...rule, name: '' }],
    [{ ...rule, priority: 11 }],
    [{ ...rule, priority: -1 }],
    [{ ...rule, priority: 1.5 }],
    [{ ...rule, priority: Number.NaN }],
    [{ ...rule, action: 'eat' }],
    [{ ...rule, when: [{}] }],
    [{ ...rule, when: [{ modality: [] }] }],
    [{ ...rule, when: [{ modality: ['/(/'] }, { bodyPart: [''] }] }],
    [{ ...rule, when: [{ modality: ['CR', '/(?=a)/'] }] }],
    [{ ...rule, when: [{ nonsense: ['x'] }] }],
    [{ ...rule, destinations: [{ floppy: 'A' }] }],
    [{ ...rule, destinations: [{ modality: '' }] }],
    [{ ...rule, findingsOff: ['dragon'] }],
    [{ ...rule, findingsOff: [''] }],
  ];
  for (const draft of wrong) {
    const problems = checkRules(draft, ['pneumonia']);
    assert.ok(problems.length > 0, JSON.stringify(draft));
    for (const { text } of problems) {
      for (const t of [inGerman, inFrench]) assert.ok(knownSentence(text, t, 'de'), text);
      assert.equal(knownSentence(text, inEnglish, 'en'), text);
    }
  }
  assert.equal(knownSentence('modality: expected at least one value', inGerman, 'de'), 'modality: mindestens ein Wert wird erwartet');
  assert.equal(knownSentence('something that a person wrote', inGerman, 'de'), undefined);
});
