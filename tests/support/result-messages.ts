import type { SeriesInstanceUID, SOPClassUID, SOPInstanceUID, StudyInstanceUID } from '../../src/dicom/uid.js';
import type { MessagePatient, MessageStudy, ResultMessage } from '../../src/messages/ports.js';

const studyInstanceUID = '1.2.826.0.1.3680043.10.1.15';

export const examplePatient: MessagePatient = {
  id: 'PAT-4711',
  issuer: 'ST-ELSEWHERE',
  name: 'Schröder-Øster^Jürgen^Ägidius^Dr.^jun.',
  birthDate: '19570312',
  sex: 'M',
};

const study: MessageStudy = {
  studyInstanceUID,
  accessionNumber: 'ACC20260102',
  placerOrderNumber: 'PLACER-77',
  fillerOrderNumber: 'FILLER-88',
  date: '20260102',
  time: '081500',
  utcOffset: '+0100',
  modality: 'DX',
  procedure: { value: '30745-4', scheme: 'LN', meaning: 'XR Chest Views' },
  patient: {},
};

const result: ResultMessage['result'] = {
  resultId: '2.25.210837512894563245812745698231245678',
  createdAt: new Date('2026-01-02T07:16:40.250Z'),
  outcome: 'reported',
  isCorrection: false,
  findings: [
    {
      name: 'pneumothorax',
      concept: { value: '36118008', scheme: 'SCT', meaning: 'Pneumothorax' },
      site: { value: '3120008', scheme: 'SCT', meaning: 'Pleural structure' },
      wording: 'appearance compatible with pneumothorax',
      probability: 0.9149,
      decision: 'present',
      isSelected: true,
    },
    {
      name: 'pneumonia',
      concept: { value: '233604007', scheme: 'SCT', meaning: 'Pneumonia' },
      site: { value: '39607008', scheme: 'SCT', meaning: 'Lung' },
      wording: 'appearance compatible with pneumonia',
      probability: 0.49996,
      decision: 'undetermined',
      isSelected: false,
      modelVersion: 'chest-2026-01',
    },
    {
      name: 'enlarged-cardiomediastinum',
      concept: { value: 'cardiomed-wide', scheme: '99CHESTAI', meaning: 'Enlarged cardiomediastinum' },
      wording: 'appearance compatible with an enlarged cardiomediastinal silhouette',
      probability: 0.03,
      decision: 'absent',
      isSelected: false,
    },
  ],
  documents: [
    {
      studyInstanceUID: studyInstanceUID as StudyInstanceUID,
      seriesInstanceUID: '1.2.826.0.1.3680043.10.1.15.2' as SeriesInstanceUID,
      sopClassUID: '1.2.840.10008.5.1.4.1.1.88.11' as SOPClassUID,
      sopInstanceUID: '1.2.826.0.1.3680043.10.1.15.2.1' as SOPInstanceUID,
    },
  ],
  model: {
    manufacturer: 'orthanc-chest-ai',
    name: 'Chest X-ray starter',
    version: '0.3.0 starter-7',
    deviceUID: '2.25.98123765401239876540123498765',
  },
};

interface Changes {
  readonly study?: Partial<MessageStudy>;
  readonly result?: Partial<ResultMessage['result']>;
  readonly messageId?: string;
  readonly isTest?: boolean;
  readonly pageUrl?: string;
}

/** A message about an invented study, with what a test changes; without patient attributes unless it names them. */
export function exampleMessage(changes: Changes = {}): ResultMessage {
  return {
    messageId: changes.messageId ?? 'M7F3A9C20D41E85B6',
    isTest: changes.isTest ?? false,
    writtenAt: new Date('2026-01-02T07:17:00Z'),
    // A time that a test gives states its own offset.
    study: { ...study, ...(changes.study?.time === undefined ? {} : { utcOffset: '' }), ...changes.study },
    result: { ...result, ...changes.result },
    ...(changes.pageUrl === undefined ? {} : { pageUrl: changes.pageUrl }),
  };
}

/** Values that would break a message if they were not escaped. */
export const delimiters = 'a|b^c~d\\e&f\\F\\g\rMSH|^~\\&|h\r\ni\nj\u000b\u001ck\u0000';

/** Messages for the validators of others, by the name of their file: each outcome, patient, text and missing attribute once. */
export const oracleMessages: Readonly<Record<string, ResultMessage>> = {
  reported: exampleMessage({ pageUrl: 'https://chest-ai.hospital.example/study/1.2.3?a=1&b=2' }),
  patient: exampleMessage({ study: { patient: examplePatient } }),
  correction: exampleMessage({ messageId: 'M-CORRECTION', result: { isCorrection: true } }),
  'test-message': exampleMessage({ messageId: 'M-TEST', isTest: true }),
  skipped: exampleMessage({ result: { outcome: 'skipped', reason: 'no image of the chest', findings: [] } }),
  failed: exampleMessage({ result: { outcome: 'failed', reason: 'the pixel data cannot be decoded', findings: [], isCorrection: true } }),
  'no-finding': exampleMessage({ result: { findings: [result.findings[2]!] } }),
  delimiters: exampleMessage({
    study: {
      accessionNumber: 'A|1^2~3\\4&5',
      procedure: { value: 'CHEST|2', scheme: 'L', meaning: 'Thorax ^ 2 Ebenen & "mehr"' },
      patient: { id: 'P|^~\\&', issuer: '1.2.276.0.76.3.1.99', name: delimiters.slice(0, 15), sex: 'O' },
    },
    result: { outcome: 'skipped', reason: delimiters, findings: [] },
  }),
  japanese: exampleMessage({
    study: { patient: { id: '患者-12', name: 'Yamada^Tarou=山田^太郎=やまだ^たろう', birthDate: '19610101', sex: 'F' } },
  }),
  'little-known': exampleMessage({
    study: {
      studyInstanceUID,
      modality: 'DX',
      procedure: study.procedure,
      patient: { name: 'Doe' },
      accessionNumber: undefined,
      placerOrderNumber: undefined,
      fillerOrderNumber: undefined,
      date: undefined,
      time: undefined,
      utcOffset: undefined,
    } as unknown as MessageStudy,
  }),
};

/** The pneumonia of `exampleMessage` beside that of a year before. */
export const examplePrior: NonNullable<ResultMessage['result']['prior']> = {
  studyInstanceUID: '1.2.826.0.1.3680043.10.1.14',
  studyDate: '20250103',
  isOtherModel: true,
  findings: [
    {
      concept: { value: '233604007', scheme: 'SCT', meaning: 'Pneumonia' },
      change: 'unclear',
      before: { decision: 'absent', probability: 0.1234 },
    },
  ],
};
