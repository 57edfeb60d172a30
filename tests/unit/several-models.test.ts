import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { itemsOf, textOf } from '../../src/dicom/data-set.js';
import type { StudyInstanceUID } from '../../src/dicom/uid.js';
import { Fault } from '../../src/errors.js';
import { resultsInPacs } from '../../src/rebuild/results-in-pacs.js';
import { ownDocumentsIn } from '../../src/reporting/own-documents.js';
import type { StudyResult } from '../../src/reporting/ports.js';
import { reportStudy } from '../../src/reporting/report-story.js';
import type { ServedModel } from '../../src/serving/model.js';
import type { LineModel } from '../../src/serving/study-models.js';
import { codes } from '../../src/sr/codes.js';
import { childrenNamed, textNamed, textsNamed } from '../../src/sr/content-tree.js';
import { isOwnDocument } from '../../src/sr/own-document.js';
import type { ProfileName } from '../../src/sr/document-profile.js';
import { isFault } from '../support/fault.js';
import {
  countingReader,
  findingsConfig,
  portsFor,
  prediction,
  servedModel,
  studyInMemory,
  studyInstanceUID,
  type StudyInMemory,
} from '../support/two-models.js';
import { validateDocument } from '../support/validate-document.js';
import { findingNameOf } from '../../src/findings-config.js';

const box = { left: 0.1, top: 0.2, right: 0.4, bottom: 0.6 };
const pathology = servedModel('pathology', '3f2a91c0d4e7', () => ({
  findings: [prediction('pneumonia', 0.934, box), prediction('covid-19', 0.02)],
}));
const effusion = servedModel('effusion', 'a1b2c3d4e5f6', () => ({
  findings: [prediction('pneumonia', 0.71, box), prediction('pleural-effusion', 0.41)],
}));

const counts = { decoded: 0 };
const reader = countingReader(counts);
const lineOf = (line: string, model: ServedModel, own = reader): LineModel => ({ line, model, reader: own });
const both = { models: [lineOf('default', pathology), lineOf('effusion', effusion)], unavailable: [] };
const study = { studyInstanceUID: studyInstanceUID as StudyInstanceUID, arrival: {} };

const namesOf = (result: Pick<StudyResult, 'findings'>): readonly string[] =>
  result.findings.map(({ name, decision, modelVersion }) => `${name} ${decision} ${modelVersion}`);

const textOfStudy = (memory: StudyInMemory): string => {
  const [text] = ownDocumentsIn(memory.metadata).current.filter(({ kind }) => kind === 'text');
  const document = memory.metadata.find((one) => textOf(one, 'SOPInstanceUID') === text!.reference.sopInstanceUID)!;
  const [summary] = childrenNamed(document, codes.summary);
  return [...textsNamed(summary!, codes.conclusion), ...textsNamed(summary!, codes.comment)].join('\n');
};

for (const profile of ['ohif', 'air'] as const satisfies readonly ProfileName[])
  test(`two models report one study in one report, which every validator accepts (profile ${profile})`, async () => {
    const memory = studyInMemory();
    const before = counts.decoded;
    const result = await reportStudy(study, portsFor(memory, both, profile));
    assert.deepEqual(namesOf(result), [
      'pneumonia present 3f2a91c0d4e7',
      'covid-19 absent 3f2a91c0d4e7',
      'pleural-effusion undetermined a1b2c3d4e5f6',
    ]);
    assert.deepEqual(namesOf({ findings: result.otherFindings! }), ['pneumonia present a1b2c3d4e5f6']);
    assert.equal(result.modelVersion, '3f2a91c0d4e7');
    assert.equal(memory.retrieved, 1, 'the file is retrieved once');
    assert.equal(counts.decoded - before, 1, 'and decoded once, because both models take the same input');

    const reports = memory.metadata.filter((one) => textOf(one, 'Modality') === 'SR');
    assert.equal(reports.length, 2);
    for (const report of reports) {
      assert.ok(isOwnDocument(report));
      const equipment = itemsOf(report, 'ContributingEquipmentSequence');
      assert.deepEqual(
        equipment.map((item) => [textOf(item, 'ManufacturerModelName'), textOf(item, 'DeviceUID'), textOf(item, 'DeviceSerialNumber')]),
        [pathology, effusion].map(({ name, deviceUID, version }) => [name, deviceUID, version]),
      );
      const { errors, warnings } = await validateDocument(memory.stored.get(textOf(report, 'SOPInstanceUID')!)!);
      assert.deepEqual([errors, warnings], [[], []]);
    }
    const measured = reports.find((one) => childrenNamed(one, codes.imagingMeasurements).length > 0)!;
    const groups = childrenNamed(childrenNamed(measured, codes.imagingMeasurements)[0]!, codes.measurementGroup);
    const withRegion = groups.map((group) => [textNamed(group, codes.trackingIdentifier), textNamed(group, codes.algorithmName)]);
    assert.ok(withRegion.some(([name, by]) => name === 'AI pneumonia' && by === 'pathology'));
    assert.ok(withRegion.some(([name, by]) => name === 'AI pneumonia' && by === 'effusion'));
    const tracking = groups.map((group) => textNamed(group, codes.trackingUniqueIdentifier));
    assert.equal(new Set(tracking).size, groups.length, 'each group is tracked by a UID of its own');
    if (profile === 'ohif') {
      const evaluations = childrenNamed(measured, codes.qualitativeEvaluations).flatMap((one) => itemsOf(one, 'ContentSequence'));
      assert.deepEqual(
        evaluations.map((one) => textNamed(one, codes.algorithmName)).filter((name) => name !== undefined),
        ['pathology', 'effusion'],
      );
      const maps = memory.metadata.filter((one) => textOf(one, 'Modality') === 'OT');
      assert.deepEqual(maps.map((one) => textOf(one, 'ManufacturerModelName')).sort(), ['effusion', 'pathology']);
      assert.equal(new Set(maps.map((one) => textOf(one, 'SOPInstanceUID'))).size, 2);
      for (const map of maps)
        assert.deepEqual((await validateDocument(memory.stored.get(textOf(map, 'SOPInstanceUID')!)!, 'image')).errors, []);
    }
    const text = textOfStudy(memory);
    assert.match(text, /Present, 93\.4 %: .*Model: pathology\./);
    assert.match(text, /Present, 71 %: .*Model: effusion; on this finding the model pathology decides\./);
  });

describe('the documents of two models', () => {
  test('a rebuild finds the same result: decisions, models, documents', async () => {
    const memory = studyInMemory();
    const {
      timings: _timings,
      destinations: _destinations,
      statistics: _statistics,
      ...result
    } = await reportStudy(study, portsFor(memory, both));
    const [rebuilt, ...others] = resultsInPacs(study.studyInstanceUID, memory.metadata, (concept) =>
      findingNameOf(findingsConfig, concept),
    );
    assert.deepEqual(others, []);
    const sorted = <Item extends { readonly sopInstanceUID: string }>(items: readonly Item[]): readonly Item[] =>
      [...items].sort((a, b) => (a.sopInstanceUID < b.sopInstanceUID ? -1 : 1));
    const { predecessorResultId: _none, ...found } = rebuilt!;
    assert.deepEqual(
      { ...found, findings: [...found.findings].sort(byName), documents: sorted(found.documents), engine: result.engine },
      { ...result, findings: [...result.findings].sort(byName), documents: sorted(result.documents) },
    );
  });

  test('a repetition writes nothing; another version of one model writes a result that replaces them', async () => {
    const memory = studyInMemory();
    const first = await reportStudy(study, portsFor(memory, both));
    const count = memory.metadata.length;
    const again = await reportStudy(study, portsFor(memory, both));
    assert.equal(memory.metadata.length, count);
    assert.deepEqual([again.resultId, namesOf(again).toSorted()], [first.resultId, namesOf(first).toSorted()]);
    assert.deepEqual(again.otherFindings, first.otherFindings);
    const retrained = servedModel('effusion', 'b1b2c3d4e5f6', () => ({ findings: [prediction('pleural-effusion', 0.82)] }));
    const second = await reportStudy(
      study,
      portsFor(memory, { models: [lineOf('default', pathology), lineOf('effusion', retrained)], unavailable: [] }),
    );
    assert.notEqual(second.resultId, first.resultId);
    const { current, all } = ownDocumentsIn(memory.metadata);
    assert.deepEqual(
      current.map(({ reference }) => reference.sopInstanceUID).toSorted(),
      second.documents
        .filter(({ kind }) => kind !== 'heat-map')
        .map((one) => one.sopInstanceUID)
        .toSorted(),
    );
    const pneumonia = (documents: typeof all): readonly (string | undefined)[] =>
      documents.flatMap(({ kind, report }) =>
        kind === 'measurement' ? report.findings.filter((one) => one.name === 'pneumonia' && one.region).map((one) => one.trackingUID) : [],
      );
    assert.ok(pneumonia(all).includes(pneumonia(current)[0]), 'the lesion keeps its tracking UID');
  });

  test('the precedence decides which decision counts', async () => {
    const result = await reportStudy(
      study,
      portsFor(studyInMemory(), { models: [lineOf('effusion', effusion), lineOf('default', pathology)], unavailable: [] }),
    );
    assert.ok(namesOf(result).includes('pneumonia present a1b2c3d4e5f6'));
    assert.deepEqual(namesOf({ findings: result.otherFindings! }), ['pneumonia present 3f2a91c0d4e7']);
    assert.equal(result.modelVersion, 'a1b2c3d4e5f6');
  });

  test('models that take different inputs get the file decoded for each, and retrieved once', async () => {
    const [memory, small] = [studyInMemory(), { decoded: 0 }];
    const before = counts.decoded;
    await reportStudy(
      study,
      portsFor(memory, {
        models: [lineOf('default', pathology), lineOf('effusion', effusion, countingReader(small))],
        unavailable: [],
      }),
    );
    assert.deepEqual([memory.retrieved, counts.decoded - before, small.decoded], [1, 1, 1]);
  });

  test('one line gives the same documents, whether others could be asked or not', async () => {
    const [alone, listed] = [studyInMemory(), studyInMemory()];
    const ports = portsFor(alone, { models: [lineOf('default', pathology)], unavailable: [] });
    const { models: _models, ...withoutLines } = ports;
    await reportStudy(study, withoutLines);
    await reportStudy(study, portsFor(listed, { models: [lineOf('default', pathology)], unavailable: [] }));
    assert.deepEqual([...listed.stored], [...alone.stored]);
  });
});

describe('a model that fails', () => {
  const broken = servedModel('effusion', 'a1b2c3d4e5f6', () => {
    throw new Fault('engine-failed', 'out of memory');
  });

  test('leaves the findings of the other, and the report names it', async () => {
    const memory = studyInMemory();
    const result = await reportStudy(
      study,
      portsFor(memory, { models: [lineOf('default', pathology), lineOf('effusion', broken)], unavailable: [] }),
    );
    assert.equal(result.outcome, 'reported');
    assert.deepEqual(namesOf(result), ['pneumonia present 3f2a91c0d4e7', 'covid-19 absent 3f2a91c0d4e7']);
    assert.match(textOfStudy(memory), /The model effusion, version a1b2c3d4e5f6, failed \(engine-failed\): its findings are missing\./);
    for (const report of memory.metadata.filter((one) => textOf(one, 'Modality') === 'SR'))
      assert.equal(itemsOf(report, 'ContributingEquipmentSequence').length, 1, 'it contributed nothing');
    const later = await reportStudy(study, portsFor(memory, both));
    assert.ok(namesOf(later).includes('pneumonia present 3f2a91c0d4e7'));
  });

  test('fails the study only if all fail, with the fault of the first', async () => {
    const memory = studyInMemory();
    const first = servedModel('pathology', '3f2a91c0d4e7', () => {
      throw new Fault('model-invalid', 'first');
    });
    const models = [lineOf('default', first), lineOf('effusion', broken)];
    await assert.rejects(reportStudy(study, portsFor(memory, { models, unavailable: [] })), isFault('model-invalid'));
    assert.equal(memory.metadata.length, 1);
  });

  test('or refuses the image is named with its reason; a line that cannot be loaded, too', async () => {
    const memory = studyInMemory();
    const refusing = servedModel('effusion', 'a1b2c3d4e5f6', () => ({ findings: [], refusal: 'it is a lateral view' }));
    const result = await reportStudy(
      study,
      portsFor(memory, {
        models: [lineOf('default', pathology), lineOf('effusion', refusing)],
        unavailable: [{ line: 'tuberculosis', version: 'ffffffffffff', code: 'model-invalid' }],
      }),
    );
    assert.equal(result.findings.length, 2);
    const text = textOfStudy(memory);
    assert.match(text, /The model effusion, version a1b2c3d4e5f6, made no prediction: .*lateral view\./);
    assert.match(text, /The model line tuberculosis took no part: its version ffffffffffff cannot be loaded \(model-invalid\)\./);
  });
});

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : 1;
}
