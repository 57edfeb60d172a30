import { writePart10 } from '../../src/dicom/part10.js';
import { derivedUid, type StudyInstanceUID } from '../../src/dicom/uid.js';
import { phantomPatient } from './phantom-patients.js';

/** A patient of phantom-patients.ts as a radiograph of 12 bits, and whether an opacity is drawn into it. */
export function phantomStudy(number: number): {
  readonly studyInstanceUID: StudyInstanceUID;
  readonly file: Uint8Array;
  readonly diseased: boolean;
} {
  const { image, diseased } = phantomPatient(number);
  const studyInstanceUID = derivedUid<StudyInstanceUID>('retraining study', String(number));
  const stored = Uint16Array.from(image.values, (value) => Math.round(value * 4095));
  const file = writePart10({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
    SOPInstanceUID: derivedUid('retraining image', String(number)),
    StudyInstanceUID: studyInstanceUID,
    SeriesInstanceUID: derivedUid('retraining series', String(number)),
    StudyDate: '20260102',
    StudyTime: '101112',
    AccessionNumber: `N${number}`,
    StudyID: '1',
    PatientName: `PHANTOM^${number}`,
    PatientID: `RETRAINING-${number}`,
    PatientBirthDate: '',
    PatientSex: 'O',
    ReferringPhysicianName: '',
    Modality: 'CR',
    BodyPartExamined: 'CHEST',
    ViewPosition: 'PA',
    Manufacturer: 'Phantom',
    SeriesNumber: 1,
    InstanceNumber: 1,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: image.height,
    Columns: image.width,
    BitsAllocated: 16,
    BitsStored: 12,
    HighBit: 11,
    PixelRepresentation: 0,
    PixelData: new Uint8Array(stored.buffer),
  });
  return { studyInstanceUID, file, diseased };
}
