import { derivedUid, type SeriesInstanceUID, type SOPClassUID, type SOPInstanceUID, type StudyInstanceUID } from '../dicom/uid.js';
import { testMessageId } from './message-id.js';
import type { ChannelSettings } from '../config.js';
import type { ResultMessage } from './ports.js';

/** Comprehensive SR (PS3.4 B.5). */
const textReport = '1.2.840.10008.5.1.4.1.1.88.33' as SOPClassUID;

/** A message with invented values, of no study of the PACS; with those attributes of the invented patient that the channel carries. */
export function testMessage({ patient }: Pick<ChannelSettings, 'patient'>, now: Date): ResultMessage {
  const messageId = testMessageId();
  const studyInstanceUID = derivedUid<StudyInstanceUID>('test message', messageId);
  const invented = { id: 'TEST-0000', name: 'TEST^MESSAGE', birthDate: '19700101', sex: 'O' } as const;
  return {
    messageId,
    isTest: true,
    writtenAt: now,
    study: {
      studyInstanceUID,
      accessionNumber: 'TEST-0000',
      modality: 'DX',
      procedure: { value: '30745-4', scheme: 'LN', meaning: 'XR Chest Views' },
      patient: Object.fromEntries(patient.map((attribute) => [attribute, invented[attribute]])),
    },
    result: {
      resultId: derivedUid('test message', messageId, 'result'),
      createdAt: now,
      outcome: 'reported',
      isCorrection: false,
      findings: [
        {
          name: 'pneumothorax',
          concept: { value: '36118008', scheme: 'SCT', meaning: 'Pneumothorax' },
          wording: 'appearance compatible with pneumothorax',
          probability: 0.91,
          decision: 'present',
          isSelected: true,
        },
      ],
      documents: [
        {
          studyInstanceUID,
          seriesInstanceUID: derivedUid<SeriesInstanceUID>('test message', messageId, 'series'),
          sopClassUID: textReport,
          sopInstanceUID: derivedUid<SOPInstanceUID>('test message', messageId, 'document'),
        },
      ],
      model: { manufacturer: 'orthanc-chest-ai', name: 'test message', version: 'test', deviceUID: derivedUid('test message', 'device') },
    },
  };
}
