import assert from 'node:assert/strict';
import { loadConfig } from '../../src/config.js';
import type { DataSet } from '../../src/dicom/data-set.js';
import { readPart10 } from '../../src/dicom/part10.js';
import { conceptsOf, findingNameOf, loadFindings, termsOf } from '../../src/findings-config.js';
import { silentLog } from '../../src/log.js';
import type { ReportPorts } from '../../src/reporting/ports.js';
import { routingSchema } from '../../src/routing/rules.js';
import type { ImageReader } from '../../src/serving/image-reader.js';
import type { FindingPrediction, ServedModel } from '../../src/serving/model.js';
import type { StudyModels } from '../../src/serving/study-models.js';
import { documentProfiles, type ProfileName } from '../../src/sr/document-profile.js';

/** A PACS in memory with one X-ray, and models that predict what a test says. */

export const studyInstanceUID = '1.2.3';
export const findingsConfig = loadFindings(loadConfig({}).findingsFile);

export const xray = (): DataSet => ({
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.1.1',
  SOPInstanceUID: '1.2.3.1.1',
  StudyInstanceUID: studyInstanceUID,
  SeriesInstanceUID: '1.2.3.1',
  Modality: 'DX',
  BodyPartExamined: 'CHEST',
  ViewPosition: 'PA',
  PatientName: 'Test^Two Models',
  PatientID: 'P',
  PatientBirthDate: '19700101',
  PatientSex: 'F',
  StudyDate: '20260101',
  StudyTime: '101010',
  StudyID: 'S',
  AccessionNumber: 'A',
  ReferringPhysicianName: '',
  Rows: 100,
  Columns: 100,
});

export function prediction(name: string, probability: number, box?: FindingPrediction['box']): FindingPrediction {
  return {
    name,
    probability,
    absentBelow: 0.3,
    presentFrom: 0.6,
    decision: probability < 0.3 ? 'absent' : probability < 0.6 ? 'undetermined' : 'present',
    activation: { values: new Float32Array(4).fill(1), width: 2, height: 2 },
    ...(box ? { box } : {}),
  };
}

/** @param version 12 hexadecimal digits */
export function servedModel(
  name: string,
  version: string,
  predict: () => { readonly findings: readonly FindingPrediction[]; readonly refusal?: string },
): ServedModel {
  return {
    name,
    manufacturer: `${name} maker`,
    version,
    deviceUID: `2.25.${Number.parseInt(version.slice(0, 8), 16)}`,
    slicesPerStudy: 1,
    engine: { name: 'test', why: 'a test' } as ServedModel['engine'],
    supports: (kind) => kind === 'xray',
    predictXrays: async (images) => images.map(predict),
    predictSlices: () => assert.fail('no slice is predicted'),
  };
}

/** A reader that counts what it decodes. */
export function countingReader(counts: { decoded: number }): ImageReader {
  const image = { width: 100, height: 100, values: new Float32Array(10_000).fill(0.5), pixelAspect: 1 };
  const preview = { width: 64, height: 64, values: new Uint8Array(64 * 64).fill(90), pixelAspect: 1 };
  return {
    async readXray() {
      counts.decoded++;
      return {
        image,
        preview,
        toStored: ({ left, top, right, bottom }) => ({ left: left * 100, top: top * 100, right: right * 100, bottom: bottom * 100 }),
      };
    },
    readCtSlice: () => assert.fail('no slice is read'),
    lungFraction: () => assert.fail('no slice is read'),
    readPicture: () => assert.fail('no picture is read'),
  };
}

export interface StudyInMemory {
  readonly metadata: DataSet[];
  /** Part 10 bytes of what was stored, by SOP Instance UID. */
  readonly stored: Map<string, Uint8Array>;
  retrieved: number;
}

export function studyInMemory(): StudyInMemory {
  return { metadata: [xray()], stored: new Map(), retrieved: 0 };
}

/** @param models the default line's champion first or not: `model` is the one of the line `default` */
export function portsFor(study: StudyInMemory, models: StudyModels, profile: ProfileName = 'ohif'): ReportPorts {
  const first = models.models.find(({ line }) => line === 'default') ?? models.models[0]!;
  return {
    pacs: {
      retrieveStudyMetadata: async () => study.metadata,
      retrieveInstance: async (_study, _series, instance) => study.stored.get(instance) ?? (study.retrieved++, new Uint8Array(8)),
      storeInstances: async (files) => {
        for (const file of files) {
          const { dataSet } = readPart10(file);
          study.stored.set(String(dataSet['SOPInstanceUID']), file);
          study.metadata.push(dataSet);
        }
      },
    },
    reader: first.reader,
    model: () => first.model,
    models: () => models,
    settings: {
      routing: routingSchema.parse({ rules: [{ name: 'chest', when: { bodyPart: 'CHEST' }, action: 'analyse' }] }),
      skippedDocuments: true,
      failedDocuments: true,
      maxImages: 2,
      seriesNumber: 1,
      profile: documentProfiles[profile],
      softwareVersion: '0',
      termsOf: (name) => termsOf(findingsConfig, name),
      findingNameOf: (concept) => findingNameOf(findingsConfig, concept),
      codes: conceptsOf(findingsConfig),
      procedureReported: () => findingsConfig.procedures.DX,
    },
    clock: { now: () => new Date('2026-11-29T12:00:00Z') },
    log: silentLog,
  };
}
