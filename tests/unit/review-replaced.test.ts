import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../../src/config.js';
import type { DataSet } from '../../src/dicom/data-set.js';
import { readPart10 } from '../../src/dicom/part10.js';
import type { StudyInstanceUID } from '../../src/dicom/uid.js';
import { conceptsOf, findingNameOf, loadFindings, termsOf } from '../../src/findings-config.js';
import { silentLog } from '../../src/log.js';
import { routingSchema, type Routing } from '../../src/routing/rules.js';
import { documentProfiles } from '../../src/sr/document-profile.js';
import { ownDocumentsIn } from '../../src/reporting/own-documents.js';
import { reportStudy } from '../../src/reporting/report-story.js';
import type { FindingPrediction, ImageKind } from '../../src/serving/model.js';
import type { ReportPorts } from '../../src/reporting/ports.js';

const studyInstanceUID = '1.2.3' as StudyInstanceUID;
const image = (number: number, attributes: DataSet = {}): DataSet => ({
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
  SOPInstanceUID: `1.2.3.1.${number}`,
  StudyInstanceUID: studyInstanceUID,
  SeriesInstanceUID: '1.2.3.1',
  Modality: 'CR',
  BodyPartExamined: 'CHEST',
  ViewPosition: 'PA',
  PatientID: 'P',
  Rows: 10,
  Columns: 10,
  ...attributes,
});
const chest = routingSchema.parse({ rules: [{ name: 'chest', when: { bodyPart: 'CHEST' }, action: 'analyse' }] });

/** Files in memory in the place of a PACS; no document is wanted of a skip. */
function portsFor(study: DataSet[], kinds: ImageKind[] = [], routing: Routing = chest): ReportPorts {
  const findings = loadFindings(loadConfig({}).findingsFile);
  const bytes = new Map<string, Uint8Array>();
  const assessment: FindingPrediction = {
    name: 'pneumonia',
    probability: 0.1,
    absentBelow: 0.3,
    presentFrom: 0.5,
    decision: 'absent',
    activation: { values: new Float32Array(1), width: 1, height: 1 },
  };
  return {
    pacs: {
      retrieveStudyMetadata: async () => study,
      retrieveInstance: async (_study, _series, instance) => bytes.get(instance) ?? new Uint8Array(),
      storeInstances: async (files) => {
        for (const file of files) {
          const { dataSet } = readPart10(file);
          bytes.set(String(dataSet['SOPInstanceUID']), file);
          study.push(dataSet);
        }
      },
    },
    reader: {
      readXray: async () => ({ image: { width: 1, height: 1, values: new Float32Array(1), pixelAspect: 1 }, toStored: (box) => box }),
      readCtSlice: () => assert.fail('no slice is read'),
      lungFraction: () => assert.fail('no slice is read'),
      readPicture: () => assert.fail('no picture is read'),
    },
    model: () => ({
      name: 'test',
      manufacturer: 'test',
      version: '0',
      deviceUID: '1.2.3.9',
      slicesPerStudy: 1,
      engine: { name: 'test', why: 'a test' } as ReturnType<ReportPorts['model']>['engine'],
      supports: (kind) => (kinds.push(kind), kind === 'xray'),
      predictXrays: async (images) => images.map(() => ({ findings: [assessment] })),
      predictSlices: () => assert.fail('no slice is predicted'),
    }),
    settings: {
      routing,
      skippedDocuments: false,
      failedDocuments: false,
      maxImages: 2,
      seriesNumber: 1,
      profile: documentProfiles.ohif,
      softwareVersion: '0',
      termsOf: (name) => termsOf(findings, name),
      findingNameOf: (concept) => findingNameOf(findings, concept),
      codes: conceptsOf(findings),
      procedureReported: () => findings.procedures.DX,
    },
    clock: { now: () => new Date(0) },
    log: silentLog,
  };
}

test('a skip that replaces a report is written, even where skips get no document', async () => {
  const study = [image(1)];
  const ports = portsFor(study);
  const first = await reportStudy({ studyInstanceUID, arrival: {} }, ports);
  assert.equal(first.outcome, 'reported');
  study.splice(0, 1, image(2, { ViewPosition: 'LL' }));
  const second = await reportStudy({ studyInstanceUID, arrival: {} }, ports);
  assert.equal(second.code, 'lateral-only');
  assert.deepEqual(
    ownDocumentsIn(study).current.map((one) => one.report.outcome.kind),
    ['skipped'],
  );
});

test('a skip that replaces nothing is not written where skips get no document', async () => {
  const study = [image(2, { ViewPosition: 'LL' })];
  assert.equal((await reportStudy({ studyInstanceUID, arrival: {} }, portsFor(study))).documents.length, 0);
  assert.equal(study.length, 1);
});

test('frontal images beyond the limit are named in the document', async () => {
  const study = [image(1), image(2), image(3)];
  await reportStudy({ studyInstanceUID, arrival: {} }, portsFor(study));
  const [document] = ownDocumentsIn(study).current;
  assert.ok(document?.report.algorithm.parameters.some((one) => one.startsWith('Left out') && one.endsWith('1.2.3.1.3')));
});

test('a dose report that a rule takes along makes no X-ray study of a CT', async () => {
  const kinds: ImageKind[] = [];
  const study = [
    image(1, { Modality: 'CT' }),
    image(2, { Modality: 'SR', SeriesInstanceUID: '1.2.3.2', SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.67', Rows: '', Columns: '' }),
  ];
  const result = await reportStudy({ studyInstanceUID, arrival: {} }, portsFor(study, kinds));
  assert.equal(result.code, 'not-for-this-model');
  assert.deepEqual(kinds, ['ct']);
});
