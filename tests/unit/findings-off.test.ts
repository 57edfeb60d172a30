import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../../src/config.js';
import { loadFindings } from '../../src/findings-config.js';
import { checkFindingNames } from '../../src/reporting/findings-off.js';
import { ownDocumentsIn } from '../../src/reporting/own-documents.js';
import type { ReportPorts, StudyResult } from '../../src/reporting/ports.js';
import { reportStudy } from '../../src/reporting/report-story.js';
import { routingSchema } from '../../src/routing/rules.js';
import { isFault } from '../support/fault.js';
import { memoryImage, memoryStudyUID, portsInMemory, predictionOf } from '../support/report-in-memory.js';

const predicted = [predictionOf('pneumonia', 0.1), predictionOf('covid-19', 0.9)];
const routing = routingSchema.parse({
  rules: [
    { name: 'north', when: { institutionName: 'North' }, action: 'analyse', findingsOff: ['covid-19'] },
    { name: 'chest', when: { bodyPart: 'CHEST' }, action: 'analyse' },
  ],
});

async function reported(
  institution: string,
  settings: Partial<ReportPorts['settings']> = {},
): Promise<{ result: StudyResult; text: string; parameters: string }> {
  const study = [memoryImage(1, { InstitutionName: institution })];
  const ports = portsInMemory(study, [], routing, predicted);
  const result = await reportStudy(
    { studyInstanceUID: memoryStudyUID, arrival: {} },
    { ...ports, settings: { ...ports.settings, ...settings } },
  );
  const documents = study.slice(1);
  return {
    result,
    text: JSON.stringify(documents),
    parameters: ownDocumentsIn(study)
      .current.flatMap(({ report }) => report.algorithm.parameters)
      .join('\n'),
  };
}

test('COVID-19 is worded as a pattern, not as the disease', async () => {
  const { text, result } = await reported('South');
  assert.match(text, /Present, ≈?90 %: pattern described in COVID-19 pneumonia/);
  assert.deepEqual(
    result.findings.map(({ name }) => name),
    ['pneumonia', 'covid-19'],
  );
  assert.doesNotMatch(text, /compatible with COVID/);
});

test('one line of a rule switches a finding off at one site, one line of the settings everywhere', async () => {
  const everywhere = await reported('South', { findingsOff: ['covid-19'] });
  for (const { result, text, parameters } of [await reported('North'), everywhere]) {
    assert.deepEqual(
      result.findings.map(({ name }) => name),
      ['pneumonia'],
    );
    assert.doesNotMatch(text, /COVID/);
    assert.match(parameters, /Switched off by the settings and not reported: covid-19/);
  }
  assert.notEqual(everywhere.result.resultId, (await reported('South')).result.resultId, 'another result has another name');
});

test('the settings name the line, and a typing error is refused', () => {
  const known = loadFindings(loadConfig({}).findingsFile).findings;
  assert.deepEqual(loadConfig({}).findings.off, []);
  checkFindingNames({ findingsOff: ['covid-19'] }, { mass: 1 }, routing, known);
  assert.throws(
    () => checkFindingNames({ findingsOff: ['covid19'] }, {}, routing, known),
    (error) =>
      isFault('config-invalid')(error) &&
      /findings\.off: expected a finding of config\/findings\.json, found "covid19"/.test(String(error)),
  );
  const misspelt = routingSchema.parse({
    rules: [{ name: 'a', when: { modality: 'CR' }, action: 'analyse', findingsOff: ['constructor'] }],
  });
  assert.throws(() => checkFindingNames({}, {}, misspelt, known), /findingsOff of rule a: expected/);
  assert.throws(() => checkFindingNames({}, { masss: 1 }, routing, known), /triage\.weights: expected a finding .* found "masss"/);
  // The default weights are those of the shipped list; an installation may have one of its own.
  checkFindingNames({}, loadConfig({}).triage.weights, routing, { 'covid-19': {} });
});
