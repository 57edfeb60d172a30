import { fileURLToPath } from 'node:url';
import type { DataSet } from '../../src/dicom/data-set.js';
import { derivedUid, type SeriesInstanceUID, type SOPClassUID, type SOPInstanceUID, type StudyInstanceUID } from '../../src/dicom/uid.js';
import { loadFindings, termsOf } from '../../src/findings-config.js';
import { measurementReport } from '../../src/sr/measurement-report.js';
import type { Decision, ImageReference, ReportContent, ReportedFinding } from '../../src/sr/report-content.js';
import { textReport } from '../../src/sr/text-report.js';

/** Reports to try things on; also what tests/oracles/sr writes for highdicom. No patient in here exists. */

const repository = new URL('../../../', import.meta.url);
export const fixtures = fileURLToPath(new URL('tests/fixtures/sr/', repository));
export const findingsConfig = loadFindings(fileURLToPath(new URL('config/findings.json', repository)));

const study = '2.25.1' as StudyInstanceUID;

export function imageReference(number: number, frameNumber?: number): ImageReference {
  return {
    studyInstanceUID: study,
    seriesInstanceUID: '2.25.2' as SeriesInstanceUID,
    sopClassUID: (frameNumber === undefined ? '1.2.840.10008.5.1.4.1.1.1.1' : '1.2.840.10008.5.1.4.1.1.2.1') as SOPClassUID,
    sopInstanceUID: `2.25.30${number}` as SOPInstanceUID,
    ...(frameNumber === undefined ? {} : { frameNumber }),
  };
}

export function finding(name: string, probability: number, decision: Decision, image?: ImageReference): ReportedFinding {
  const { concept, site, wording } = termsOf(findingsConfig, name);
  return {
    name,
    concept,
    ...(site ? { site } : {}),
    wording,
    probability,
    absentBelow: 0.3,
    presentFrom: 0.6,
    decision,
    trackingUID: derivedUid('tracking example', name),
    images: [image ?? imageReference(0)],
    ...(image ? { region: { image, left: 190.5, top: 430, right: 325.1, bottom: 560.25 } } : {}),
  };
}

export const source: DataSet = {
  PatientName: 'Yamada^Tarou=山田^太郎=やまだ^たろう',
  PatientID: 'P-1',
  PatientBirthDate: '19600101',
  PatientSex: 'F',
  StudyInstanceUID: study,
  StudyDate: '20260101',
  StudyTime: '101010.5',
  ReferringPhysicianName: 'Petrova^Olga',
  StudyID: 'S1',
  AccessionNumber: 'A1',
  StudyDescription: 'Thorax pa',
  TimezoneOffsetFromUTC: '+0100',
};

export const reported: ReportContent = {
  source,
  outcome: { kind: 'reported' },
  findings: [
    finding('pneumothorax', 0.02, 'absent'),
    finding('pneumonia', 0.934, 'present', imageReference(0)),
    finding('pleural-effusion', 0.41, 'undetermined'),
  ],
  evidence: [imageReference(0)],
  procedures: [findingsConfig.procedures.DX],
  algorithm: {
    manufacturer: 'orthanc-chest-ai',
    name: 'starter-xray',
    version: '0.1.0 model 0123456789abcdef',
    deviceUID: '2.25.99',
    serialNumber: '0123456789abcdef',
    parameters: ['input 00112233', 'engine onnxruntime-node 1.30.0, CPU: the fastest that starts here'],
  },
  createdAt: new Date('2026-11-23T04:05:06Z'),
  predecessors: [],
  seriesInstanceUID: '2.25.500' as SeriesInstanceUID,
  sopInstanceUID: '2.25.501' as SOPInstanceUID,
  seriesNumber: 900,
  instanceNumber: 1,
};

const fourteen = [
  'atelectasis',
  'cardiomegaly',
  'consolidation',
  'edema',
  'emphysema',
  'fibrosis',
  'hernia',
  'infiltration',
  'mass',
  'nodule',
  'pleural-effusion',
  'pleural-thickening',
  'pneumonia',
  'pneumothorax',
];
const decisions = ['present', 'undetermined', 'absent'] as const;
const predecessor = (number: number): ReportContent['predecessors'][number] => ({
  studyInstanceUID: study,
  seriesInstanceUID: `2.25.40${number}` as SeriesInstanceUID,
  sopClassUID: '1.2.840.10008.5.1.4.1.1.88.33' as SOPClassUID,
  sopInstanceUID: `2.25.41${number}` as SOPInstanceUID,
});
const withName = (PatientName: string): ReportContent => ({ ...reported, source: { ...source, PatientName } });
const slices = [3, 4, 5].map((frame) => imageReference(1, frame));

/** Every kind of content that a study can lead to, by name. */
export const examples: Readonly<Record<string, ReportContent>> = {
  reported,
  'nothing-present': { ...reported, findings: [finding('pneumonia', 0.12, 'absent')] },
  'no-findings': { ...reported, findings: [] },
  'fourteen-findings': {
    ...reported,
    findings: fourteen.map((name, index) =>
      finding(name, (14 - index) / 15, decisions[Math.floor(index / 5)]!, index % 2 === 0 ? imageReference(0) : undefined),
    ),
  },
  certain: { ...reported, findings: [finding('pneumonia', 1, 'present', imageReference(0)), finding('covid-19', 0, 'absent')] },
  'several-images': {
    ...reported,
    findings: [
      finding('pneumonia', 0.7, 'present', imageReference(1)),
      { ...finding('mass', 0.2, 'absent'), images: [imageReference(0), imageReference(1)] },
    ],
    evidence: [imageReference(0), imageReference(1)],
  },
  'ct-frames': {
    ...reported,
    findings: [{ ...finding('covid-19', 0.81, 'present', slices[1]), images: slices }],
    evidence: slices,
    procedures: [findingsConfig.procedures.CT],
  },
  skipped: {
    ...reported,
    findings: [],
    outcome: {
      kind: 'skipped',
      code: 'lateral-only',
      reason: 'The study holds lateral views only; the model judges frontal views (2 found)',
    },
  },
  'skipped-without-images': {
    ...reported,
    findings: [],
    evidence: [],
    outcome: { kind: 'skipped', code: 'no-image', reason: 'The study holds no image that can be analysed' },
  },
  failed: {
    ...reported,
    findings: [],
    outcome: {
      kind: 'failed',
      code: 'pixels-unreadable',
      reason: 'The pixel data cannot be decoded: expected 1000 bytes, found 12 [instance 2.25.300]',
    },
  },
  'very-long-reason': {
    ...reported,
    findings: [],
    outcome: {
      kind: 'failed',
      code: 'pacs-error',
      reason: `The PACS answered with an error\n${'Ошибка \u001b\u0000 (500) 誤り. '.repeat(5_000)}`,
    },
  },
  superseding: { ...reported, predecessors: [predecessor(0), predecessor(1)] },
  'no-patient-name': withName(''),
  korean: withName('Hong^Gildong=洪^吉洞=홍^길동'),
  arabic: withName('قباني^لنزار'),
  cyrillic: withName('Люкceмбypг^Анна'),
  'no-study-id': { ...reported, source: { StudyInstanceUID: study, PatientID: 'P-2' } },
  'bad-source': {
    ...reported,
    source: {
      ...source,
      PatientName: 'Very long^'.repeat(9),
      PatientBirthDate: '1960.01.01',
      PatientSex: 'unknown',
      StudyDate: '2026-01-01',
      StudyTime: '10:10:10',
      StudyDescription: ['Thorax', `pa ${'and more '.repeat(20)}`],
      ReferringPhysicianName: ['First^A', 'Second^B'],
      PatientAge: '66',
      PatientIdentityRemoved: 'YES',
      TimezoneOffsetFromUTC: '-0330',
    },
  },
  'images-and-request': {
    ...reported,
    source: {
      ...source,
      ProcedureCodeSequence: [{ CodeValue: 'RX-TH2', CodingSchemeDesignator: '99HOSPITAL', CodeMeaning: 'Thorax 2 views' }],
      CodingSchemeIdentificationSequence: [
        { CodingSchemeDesignator: '99HOSPITAL', CodingSchemeName: 'Procedures', CodingSchemeResponsibleOrganization: 'Example Hospital' },
      ],
      RequestAttributesSequence: [
        {
          RequestedProcedureID: 'RP-1',
          ScheduledProcedureStepID: 'SPS-1',
          RequestedProcedureDescription: 'Thorax pa',
          RequestedProcedureCodeSequence: [{ CodeValue: '36643-5', CodingSchemeDesignator: 'LN', CodeMeaning: 'XR Chest 2 Views' }],
        },
      ],
      ReferencedPerformedProcedureStepSequence: [
        { ReferencedSOPClassUID: '1.2.840.10008.3.1.2.3.3', ReferencedSOPInstanceUID: '2.25.888' },
      ],
    },
    procedures: [{ value: 'RX-TH2', scheme: '99HOSPITAL', meaning: 'Thorax 2 views' }],
    findings: [
      { ...finding('pneumothorax', 0.8, 'present', imageReference(0)), side: 'left' },
      finding('pleural-thickening', 0.03, 'absent'),
      finding('pneumonia', 0.5, 'undetermined'),
    ],
    images: [
      {
        SOPInstanceUID: imageReference(0).sopInstanceUID,
        Modality: 'DX',
        StudyDate: '20260101',
        StudyTime: '101010.5',
        ContentDate: '20260101',
        AcquisitionDate: '20260101',
        AcquisitionTime: '101112',
        FrameOfReferenceUID: '2.25.77',
        Rows: 1250,
        Columns: 1024,
      },
      { SOPInstanceUID: imageReference(1).sopInstanceUID, Modality: 'XX', Rows: 10, Columns: 10 },
    ],
    evidence: [imageReference(0), imageReference(1)],
  },
  'long-algorithm': {
    ...reported,
    algorithm: {
      ...reported.algorithm,
      manufacturer: 'Müller & Söhne \\ Partner',
      version: `0.1.0 model ${'0123456789abcdef'.repeat(4)}`,
      parameters: [],
    },
  },
};

/** As IHE AIR wants them: a group for every finding, regions as TID 1410. */
export function airMeasurementOfExample(content: ReportContent): DataSet {
  return measurementReport(
    {
      ...content,
      seriesInstanceUID: '2.25.520' as SeriesInstanceUID,
      sopInstanceUID: '2.25.521' as SOPInstanceUID,
      seriesNumber: content.seriesNumber + 1,
    },
    '1410',
  );
}

/** Those whose measurement report highdicom has read (tests/oracles/sr). */
export const readByHighdicom = ['reported', 'fourteen-findings', 'ct-frames', 'certain', 'images-and-request'] as const;

export function textOfExample(content: ReportContent): DataSet {
  return textReport(content);
}

export function measurementOfExample(content: ReportContent): DataSet {
  return measurementReport({
    ...content,
    seriesInstanceUID: '2.25.510' as SeriesInstanceUID,
    sopInstanceUID: '2.25.511' as SOPInstanceUID,
    seriesNumber: content.seriesNumber + 1,
  });
}
