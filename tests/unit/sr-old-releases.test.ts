import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readPart10 } from '../../src/dicom/part10.js';
import type { StudyInstanceUID } from '../../src/dicom/uid.js';
import { findingNameOf } from '../../src/findings-config.js';
import { isOwnDocument, isAssessment, isWrittenHere } from '../../src/sr/own-document.js';
import { readReport, type ReadReport } from '../../src/sr/read-report.js';
import { readAssessment } from '../../src/sr/read-assessment.js';
import { assessmentReport } from '../../src/sr/assessment-report.js';
import { documentUids } from '../../src/reporting/document-identity.js';
import { ownDocumentsIn } from '../../src/reporting/own-documents.js';
import { resultsInPacs } from '../../src/rebuild/results-in-pacs.js';
import { examples, findingsConfig, fixtures, reported } from './sr-examples.js';
import { assessmentExamples } from './sr-assessment-examples.js';

/** Documents that the writers of releases 0.1.0 and 0.2.0 have written of invented patients; PACS hold such for ever. */
const read = (release: string, name: string) =>
  readPart10(new Uint8Array(readFileSync(join(fixtures, `release-${release}`, `${name}.dcm`)))).dataSet;
const statements = ({ findings }: Pick<ReadReport, 'findings'>): readonly unknown[] =>
  findings.map(({ concept, decision, probability }) => [concept.value, decision, Number(probability.toFixed(6))]).sort();
const meant = [...reported.findings.map(({ concept, decision, probability }) => [concept.value, decision, probability])].sort();

for (const release of ['0.1.0', '0.2.0']) {
  describe(`documents of release ${release} are still read`, () => {
    test('findings, region, site and Tracking UID', () => {
      const [text, measurement] = [readReport(read(release, 'reported-text')), readReport(read(release, 'reported-measurement'))];
      assert.deepEqual(statements(text), meant);
      assert.deepEqual(statements(measurement), meant);
      const placed = measurement.findings.filter((one) => one.region);
      assert.equal(placed.length, 1);
      assert.match(placed[0]!.trackingUID!, /^2\.25\./);
      assert.equal(placed[0]!.site?.value, '39607008');
      assert.equal(text.createdAt?.toISOString(), reported.createdAt.toISOString());
      assert.deepEqual(text.algorithm.parameters.slice(0, 2), reported.algorithm.parameters);
    });

    test('a skip, a failure and what was superseded', () => {
      for (const name of ['skipped', 'failed'])
        assert.deepEqual(readReport(read(release, `${name}-text`)).outcome, examples[name]!.outcome);
      const superseding = readReport(read(release, 'superseding-text'));
      assert.deepEqual(superseding.predecessors, examples['superseding']!.predecessors);
    });

    test('they are ours, and a rebuild finds the result under the name that it had', () => {
      const instances = [read(release, 'reported-text'), read(release, 'reported-measurement')];
      assert.ok(instances.every(isOwnDocument));
      assert.equal(ownDocumentsIn(instances).current.length, 2);
      const [result, ...others] = resultsInPacs('2.25.1' as StudyInstanceUID, instances, (concept) =>
        findingNameOf(findingsConfig, concept),
      );
      assert.equal(others.length, 0);
      const { deviceUID } = reported.algorithm;
      assert.equal(
        result?.resultId,
        documentUids({ studyInstanceUID: '2.25.1' as StudyInstanceUID, outcome: 'reported', inputKey: '', deviceUID, predecessors: [] })
          .resultId,
      );
      assert.deepEqual(result?.findings.map((one) => one.name).sort(), reported.findings.map((one) => one.name).sort());
    });
  });
}

test('a measurement report of release 0.2.0 without a region', () => {
  const report = readReport(read('0.2.0', 'nothing-present-measurement'));
  assert.deepEqual(
    report.findings.map(({ concept, decision, probability }) => [concept.meaning, decision, probability]),
    [['Pneumonia', 'absent', 0.12]],
  );
  assert.deepEqual(report.algorithm.parameters, reported.algorithm.parameters);
});

for (const name of ['every-comparison', 'adjudicating']) {
  test(`a reader's assessment of release 0.2.0 is still read: ${name}`, () => {
    const document = read('0.2.0', `assessment-${name}`);
    const content = assessmentExamples[name]!;
    assert.ok(isAssessment(document) && isWrittenHere(document));
    const assessment = readAssessment(document)!;
    assert.deepEqual(
      [assessment.reader, assessment.adjudicates, assessment.origin, assessment.verified],
      [content.reader.name, content.adjudicates, content.origin, content.reader.verifiesFor !== undefined],
    );
    assert.deepEqual(
      assessment.findings.map(({ concept, decision, comparison }) => [concept, decision, comparison]),
      content.findings.map(({ concept, decision, comparison }) => [concept, decision, comparison]),
    );
    assert.equal(assessment.createdAt?.toISOString(), content.createdAt.toISOString());
  });
}

test("the Station Name alone tells a reader's assessment of either release, where only series attributes are known", () => {
  for (const document of [read('0.2.0', 'assessment-adjudicating'), assessmentReport(assessmentExamples['adjudicating']!)]) {
    const seriesAttributes = { Modality: document['Modality'], StationName: document['StationName'] };
    assert.ok(isAssessment(seriesAttributes));
    assert.equal(isOwnDocument(seriesAttributes), false);
  }
  assert.notEqual(
    read('0.2.0', 'assessment-adjudicating')['StationName'],
    assessmentReport(assessmentExamples['adjudicating']!)['StationName'],
  );
});

test('code and title of release 0.2.0 suffice where another system has replaced the Station Name', () => {
  const { StationName: _, ...document } = read('0.2.0', 'assessment-adjudicating');
  assert.ok(isAssessment(document));
  assert.equal(readAssessment(document)?.adjudicates, true);
});
