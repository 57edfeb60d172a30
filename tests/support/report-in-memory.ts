import assert from 'node:assert/strict';
import { loadConfig } from '../../src/config.js';
import type { DataSet } from '../../src/dicom/data-set.js';
import { readPart10 } from '../../src/dicom/part10.js';
import type { StudyInstanceUID } from '../../src/dicom/uid.js';
import { conceptsOf, findingNameOf, loadFindings, termsOf } from '../../src/findings-config.js';
import { silentLog } from '../../src/log.js';
import { routingSchema, type Routing } from '../../src/routing/rules.js';
import { documentProfiles } from '../../src/sr/document-profile.js';
import type { FindingPrediction, ImageKind } from '../../src/serving/model.js';
import type { ReportPorts } from '../../src/reporting/ports.js';

export const memoryStudyUID = '1.2.3' as StudyInstanceUID;
/** Metadata of an image of the study. */
export const memoryImage = (number: number, attributes: DataSet = {}): DataSet => ({
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
  SOPInstanceUID: `1.2.3.1.${number}`,
  StudyInstanceUID: memoryStudyUID,
  SeriesInstanceUID: '1.2.3.1',
  Modality: 'CR',
  BodyPartExamined: 'CHEST',
  ViewPosition: 'PA',
  PatientID: 'P',
  Rows: 10,
  Columns: 10,
  ...attributes,
});
const chestRule = routingSchema.parse({ rules: [{ name: 'chest', when: { bodyPart: 'CHEST' }, action: 'analyse' }] });

/** Files in memory in the place of a PACS; no document is wanted of a skip. */
export function portsInMemory(
  study: DataSet[],
  kinds: ImageKind[] = [],
  routing: Routing = chestRule,
  predicted: readonly FindingPrediction[] = [predictionOf('pneumonia', 0.1)],
): ReportPorts {
  const findings = loadFindings(loadConfig({}).findingsFile);
  const bytes = new Map<string, Uint8Array>();
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
      predictXrays: async (images) => images.map(() => ({ findings: predicted })),
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

/** What a network says of one finding: absent below 0.3, present from 0.5 on. */
export function predictionOf(name: string, probability: number): FindingPrediction {
  return {
    name,
    probability,
    absentBelow: 0.3,
    presentFrom: 0.5,
    decision: probability < 0.3 ? 'absent' : probability < 0.5 ? 'undetermined' : 'present',
    activation: { values: new Float32Array(1), width: 1, height: 1 },
  };
}
